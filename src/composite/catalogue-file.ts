import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SchedulingError } from '../errors.js';
import type { Log } from '../log.js';
import { writeAtomically } from './atomic-write.js';
import { formatCatalogue, type CatalogueContent } from './catalogue-content.js';
import { reasonOf } from './file-failure.js';
import { currentStamp, type FileStamp } from './file-stamp.js';
import { MAX_CATALOGUE_BYTES, readCatalogueFile } from './read-catalogue.js';
import type { Clock } from './timers.js';

/** Which file, and what to know of it. */
export interface CatalogueFileOptions {
  readonly path: string;
  readonly log: Log;
  /** Largest file that is read or written: bytes. */
  readonly maxBytes?: number;
  /** Dates a file that is set aside. */
  readonly clock?: Clock;
}

/** Says what is to stand in the file, given what someone else has made of it; undefined: nothing. */
export type MergeCatalogue = (edited: CatalogueContent | undefined) => CatalogueContent;

/** The catalogue on disk. */
export interface CatalogueStore {
  readonly path: string;
  /** What the file held when it was opened. */
  readonly loaded: CatalogueContent;
  /**
   * Brings memory and file together: reads the file if someone else has written it, and writes what `merge` answers if
   * that is something else. One at a time, in the order asked. Never rejects: a disk that fails is logged once, and tried
   * again the next time. A file that was deleted is written again.
   */
  readonly sync: (merge: MergeCatalogue) => Promise<void>;
}

/** How often a write gives way to someone else's in a row. */
const MAX_ATTEMPTS = 5;

/**
 * Opens the catalogue on disk. A file that is no catalogue is set aside as `<path>.corrupt-<time>` with a warning; one
 * that can't be read is warned of. Either way it begins empty: never rejects because of the file.
 */
export async function openCatalogueFile(options: CatalogueFileOptions): Promise<CatalogueStore> {
  const { path, log, maxBytes = MAX_CATALOGUE_BYTES, clock = Date } = options;
  /** What the file is known to be; undefined: not there, or not known. */
  let known: { readonly stamp: FileStamp; readonly text: string } | undefined;
  let failing = false;
  let queue: Promise<void> = Promise.resolve();

  async function read(): Promise<CatalogueContent | undefined> {
    known = undefined;
    try {
      const { content, text, stamp } = await readCatalogueFile(path, maxBytes);
      known = { stamp, text };
      return content;
    } catch (thrown) {
      const error = SchedulingError.from(thrown);
      if (error.code === 'NOT_FOUND') return undefined;
      if (error.code !== 'INVALID_ARGUMENT') throw error;
      await setAside(error.message);
      return undefined;
    }
  }

  async function setAside(reason: string): Promise<void> {
    const time = new Date(clock.now()).toISOString().replace(/[:.]/g, '-');
    const aside = `${path}.corrupt-${time}`;
    await rename(path, aside);
    log.warn('catalogue set aside', { path, aside, reason });
  }

  async function write(merge: MergeCatalogue): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const edited = (await isAsKnown()) ? undefined : await read();
      const content = merge(edited);
      const text = formatCatalogue(content);
      const isNothingNew = known === undefined ? content.size === 0 : text === known.text;
      if (isNothingNew) return;
      if (Buffer.byteLength(text) > maxBytes) throw new Error(`more than ${maxBytes} bytes to remember`);
      await mkdir(dirname(path), { recursive: true });
      const stamp = await writeAtomically(path, text, isAsKnown);
      if (stamp !== undefined) {
        known = { stamp, text };
        log.debug('catalogue written', { path });
        return;
      }
    }
    throw new Error('someone else writes it all the time');
  }

  async function isAsKnown(): Promise<boolean> {
    return (await currentStamp(path)) === known?.stamp;
  }

  async function guarded<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
    try {
      const value = await work();
      if (failing) log.info('catalogue kept again', { path });
      failing = false;
      return value;
    } catch (error) {
      if (!failing) log.warn('catalogue not kept', { path, reason: reasonOf(error) });
      failing = true;
      return undefined;
    }
  }

  const loaded = (await guarded(read)) ?? new Map();
  return {
    path,
    loaded,
    sync(merge) {
      queue = queue.then(() => guarded(() => write(merge)));
      return queue;
    },
  };
}
