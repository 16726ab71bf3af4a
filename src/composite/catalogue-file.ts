import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import { writeAtomically } from './atomic-write.js';
import { formatCatalogue, isSameCatalogue, type CatalogueContent } from './catalogue-content.js';
import { createDiskQueue } from './disk-queue.js';
import { reasonOf } from './file-failure.js';
import { currentStamp, type FileStamp } from './file-stamp.js';
import { MAX_CATALOGUE_BYTES, readCatalogueFile } from './read-catalogue.js';
import { nodeTimers, type Clock, type Timers } from './timers.js';

/** Which file, and what to know of it. */
export interface CatalogueFileOptions {
  readonly path: string;
  readonly log: Log;
  /** Largest file that is read or written: bytes. */
  readonly maxBytes?: number;
  /** Longest that anything waits for the disk: milliseconds. */
  readonly syncTimeoutMs?: number;
  readonly timers?: Timers;
  /** Dates a file that is set aside. */
  readonly clock?: Clock;
}

/** What is known of the file. */
export interface FiledCatalogue {
  /** What it held when this process last read or wrote it. */
  readonly before: CatalogueContent;
  /** What someone else has made of it since; undefined: nothing. */
  readonly edited: CatalogueContent | undefined;
}

/** Says what is to stand in the file. */
export type MergeCatalogue = (file: FiledCatalogue) => CatalogueContent;

/** The catalogue on disk. */
export interface CatalogueStore {
  readonly path: string;
  /** What the file held when it was opened. */
  readonly loaded: CatalogueContent;
  /**
   * Brings memory and file together: reads the file if someone else has written it, and writes what `merge` answers if
   * that is something else. One at a time, in the order asked. Never rejects: a disk that fails is logged once, and tried
   * again the next time; nobody waits for one that hangs longer than `syncTimeoutMs`. A file that was deleted is written
   * again.
   */
  readonly sync: (merge: MergeCatalogue) => Promise<void>;
}

/** Longest that anything waits for the disk by default: milliseconds. */
export const SYNC_TIMEOUT_MS = 5000;

/** How often a write gives way to someone else's in a row. */
const MAX_ATTEMPTS = 5;

/**
 * Opens the catalogue on disk. A file that is no catalogue is set aside as `<path>.corrupt-<time>` with a warning; one
 * that can't be read is warned of. Either way it begins empty: never rejects because of the file.
 */
export async function openCatalogueFile(options: CatalogueFileOptions): Promise<CatalogueStore> {
  const { path, log, maxBytes = MAX_CATALOGUE_BYTES, clock = Date, timers = nodeTimers } = options;
  const timeoutMs = options.syncTimeoutMs ?? SYNC_TIMEOUT_MS;
  const onDisk = createDiskQueue({ timeoutMs, timers, onEnd });
  /** What the file is known to be; undefined: not there, or not known. */
  let known: { readonly stamp: FileStamp; readonly content: CatalogueContent } | undefined;
  let failing = false;

  async function read(): Promise<CatalogueContent | undefined> {
    known = undefined;
    try {
      const { content, stamp } = await readCatalogueFile(path, maxBytes);
      known = { stamp, content };
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
      const content = merge({ before, edited });
      before = edited ?? before;
      const isNothingNew = known === undefined ? content.size === 0 : isSameCatalogue(content, known.content);
      if (isNothingNew) return;
      const text = formatCatalogue(content);
      if (Buffer.byteLength(text) > maxBytes) throw new Error(`more than ${maxBytes} bytes to remember`);
      await mkdir(dirname(path), { recursive: true });
      const stamp = await writeAtomically(path, text, isAsKnown);
      if (stamp !== undefined) {
        known = { stamp, content };
        before = content;
        log.debug('catalogue written', { path });
        return;
      }
    }
    throw new Error('someone else writes it all the time');
  }

  async function isAsKnown(): Promise<boolean> {
    return (await currentStamp(path)) === known?.stamp;
  }

  function onEnd(error?: unknown): void {
    if (error === undefined && failing) log.info('catalogue kept again', { path });
    if (error !== undefined && !failing) log.warn('catalogue not kept', { path, reason: reasonOf(error) });
    failing = error !== undefined;
  }

  let isOpen = false;
  const loaded =
    (await onDisk(async () => {
      const content = await read();
      // Nobody has taken in what comes this late: the next sync has to read it again.
      if (isOpen) known = undefined;
      return content;
    })) ?? new Map();
  isOpen = true;
  let before: CatalogueContent = loaded;
  return { path, loaded, sync: (merge) => onDisk(() => write(merge)) };
}
