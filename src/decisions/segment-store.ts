import { constants } from 'node:fs';
import { mkdir, open, readdir, stat, truncate, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { UnitProblem } from '../domain/contract.js';
import type { Clock } from '../lib/timers.js';
import type { Disk } from '../process/disk.js';
import type { Log } from '../process/log.js';
import { encode, entryOf, type Appended, type IndexEntry } from './record.js';
import { beginSegment, headerOf, scanSegment, type OpenSegment, type Segment } from './segment.js';

/** Size at which a segment is ended, in bytes of text: as much is scanned at a start, in a fraction of a second. */
export const SEGMENT_BYTES = 16 * 1024 * 1024;

/** Age at which a segment is ended, in ms, since whole segments are removed by age. */
export const SEGMENT_AGE_MS = 24 * 60 * 60 * 1000;

/** Most lines that are encoded in one turn, so that calls don't wait longer than a millisecond. */
const BATCH = 32;

/** Options of a folder of segments. */
export interface SegmentStoreOptions {
  readonly dir: string;
  readonly disk: Disk;
  readonly log: Log;
  readonly clock: Clock;
  /** {@link SEGMENT_BYTES} by default. */
  readonly segmentBytes?: number | undefined;
}

/** A folder of segments that this process alone writes. */
export interface SegmentStore {
  /** Returns the segments, the oldest first. */
  readonly segments: () => readonly Segment[];
  /**
   * Writes the first of what is appended, at least one. Resolves to how many that were, of which some may have been no good,
   * which are counted. Rejects with errors of the file system: then the same has to be given again, more may follow.
   */
  readonly write: (
    appended: readonly Appended[],
  ) => Promise<{ readonly count: number; readonly unfit: number }>;
  /** Returns the number of lines that were torn or corrupt when the folder was opened. */
  readonly torn: () => number;
  /** Returns files that are left alone, and the reasons. */
  readonly problems: () => readonly UnitProblem[];
  readonly close: () => Promise<void>;
}

const NAME = /^(\d{8})\.log$/;

/** The open file that is appended to. */
interface Writer {
  readonly segment: OpenSegment;
  readonly file: FileHandle;
  readonly inode: number;
}

/** Lines that are encoded, but not written yet. */
interface Batch {
  readonly segment: OpenSegment;
  readonly text: Buffer;
  readonly lines: readonly { readonly bytes: number; readonly entry: IndexEntry }[];
  readonly count: number;
  readonly unfit: number;
}

/** Opens a folder of segments; makes it if need be. Rejects with errors of the file system. */
export async function openSegmentStore(options: SegmentStoreOptions): Promise<SegmentStore> {
  const { dir, disk, log, clock, segmentBytes = SEGMENT_BYTES } = options;
  let segments: readonly Segment[] = [];
  const problems: UnitProblem[] = [];
  let torn = 0;
  let lastNumber = 0;
  let current: OpenSegment | undefined;
  let writer: Writer | undefined;
  let batch: Batch | undefined;

  const pathOf = (number: number, ending: string) =>
    join(dir, `${String(number).padStart(8, '0')}.${ending}`);

  await disk.run(() => mkdir(dir, { recursive: true, mode: 0o700 }));
  for (const name of (await disk.run(() => readdir(dir))).sort()) {
    const number = Number(NAME.exec(name)?.[1] ?? 0);
    if (number === 0) continue;
    lastNumber = Math.max(lastNumber, number);
    await addRaw(number);
  }

  async function addRaw(number: number): Promise<void> {
    const path = pathOf(number, 'log');
    const scan = await scanSegment(path, number, disk);
    if (typeof scan === 'string') {
      problems.push({ source: 'decisions', reason: `${path} is left alone: ${scan}` });
      log.warn('decisions left alone', { path, reason: scan }, path);
      return;
    }
    if (scan.torn > 0) log.warn('decisions torn', { path, lines: scan.torn }, path);
    torn += scan.torn;
    await disk.run(() => truncate(path, scan.segment.end)).catch(() => undefined);
    segments = [...segments, scan.segment];
    current = scan.isWhole ? scan.segment : undefined;
  }

  function isFull(segment: OpenSegment, hosts: number): boolean {
    return (
      segment.end >= segmentBytes ||
      clock.now() - segment.time >= SEGMENT_AGE_MS ||
      !segment.hosts.hasRoomFor(hosts)
    );
  }

  function encodeBatch(appended: readonly Appended[]): Batch {
    const [first] = appended;
    const hosts = first?.kind === 'decision' ? first.decision.hosts.length : 0;
    if (current === undefined || isFull(current, hosts)) {
      lastNumber += 1;
      current = beginSegment(pathOf(lastNumber, 'log'), lastNumber, clock.now(), disk);
    }
    const segment = current;
    const texts: string[] = [];
    const lines: { bytes: number; entry: IndexEntry }[] = [];
    const put = (text: string, entry: IndexEntry) => {
      texts.push(text);
      lines.push({ bytes: Buffer.byteLength(text), entry });
    };
    if (segment.end === 0) put(headerOf(segment), { keys: [] });
    let count = 0;
    let unfit = 0;
    for (const one of appended.slice(0, BATCH)) {
      if (one.kind === 'decision' && !segment.hosts.hasRoomFor(one.decision.hosts.length) && count > 0) break;
      count += 1;
      try {
        put(
          encode(one, segment.hosts, (text) => put(text, { keys: [] })),
          entryOf(one),
        );
      } catch {
        unfit += 1;
      }
    }
    return { segment, text: Buffer.from(texts.join('')), lines, count, unfit };
  }

  /** Opens the file of a segment, unless it is open. Rejects when the file that was open is not there any more. */
  async function openFile(segment: OpenSegment): Promise<FileHandle> {
    if (writer?.segment === segment) {
      if ((await stat(segment.path)).ino === writer.inode) return writer.file;
      throw new Error(`${segment.path} was replaced`);
    }
    await writer?.file.close();
    writer = undefined;
    const file = await open(segment.path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    writer = { segment, file, inode: (await file.stat()).ino };
    return file;
  }

  return {
    segments: () => segments,
    async write(appended) {
      batch ??= encodeBatch(appended);
      const { segment, text, lines, count, unfit } = batch;
      // At its place, and not at the end: what a failed write left there is written over.
      await disk.run(async () => {
        const file = await openFile(segment);
        for (let done = 0; done < text.length;) {
          const { bytesWritten } = await file.write(text, done, text.length - done, segment.end + done);
          done += bytesWritten;
        }
      });
      batch = undefined;
      if (segment.end === 0) segments = [...segments, segment];
      for (const { bytes, entry } of lines) segment.add(bytes, entry);
      return { count, unfit };
    },
    torn: () => torn,
    problems: () => problems,
    async close() {
      await disk.run(async () => writer?.file.close()).catch(() => undefined);
      writer = undefined;
    },
  };
}
