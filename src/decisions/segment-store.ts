import { constants } from 'node:fs';
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { UnitProblem } from '../domain/contract.js';
import type { Clock } from '../lib/timers.js';
import type { Disk } from '../process/disk.js';
import type { Log } from '../process/log.js';
import { absent } from '../process/owner-socket.js';
import {
  endOf,
  mostBytesOf,
  writeFramed,
  type IndexEntry,
  type JsonParts,
  type Unwritten,
} from './record.js';
import { openSealed, sealSegment, type SegmentPaths } from './seal.js';
import { beginSegment, headerOf, scanSegment, type OpenSegment, type Segment } from './segment.js';

/** Size at which a segment is ended, in bytes of text: as much is scanned at a start, in a fraction of a second. */
export const SEGMENT_BYTES = 8 * 1024 * 1024;

/** Age at which a segment is ended, in ms, since whole segments are removed by age. */
export const SEGMENT_AGE_MS = 24 * 60 * 60 * 1000;

/** Most lines of one write, so that calls don't wait longer than a millisecond for the checksums. */
const BATCH = 128;

/** Options of a folder of segments. */
export interface SegmentStoreOptions {
  readonly dir: string;
  readonly disk: Disk;
  readonly log: Log;
  readonly clock: Clock;
  /** {@link SEGMENT_BYTES} by default, but an eighth of `maxBytes` at most, since whole segments are removed. */
  readonly segmentBytes?: number | undefined;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** A folder of segments that this process alone writes. */
export interface SegmentStore {
  /** Returns the segments, the oldest first. */
  readonly segments: () => readonly Segment[];
  /**
   * Writes the first of what waits, at least one. Resolves to how many that were. Rejects with errors of the file system: then
   * the same has to be given again, more may follow.
   */
  readonly write: (waiting: readonly Unwritten[]) => Promise<number>;
  /**
   * Packs segments that are not written any more, and removes the oldest beyond the limits. Rejects with errors of the file
   * system.
   */
  readonly keepUp: () => Promise<void>;
  /** Resolves to whether the file that is written was removed, and most likely the folder with it. */
  readonly isGone: () => Promise<boolean>;
  /** Returns the number of lines that were torn or corrupt when the folder was opened. */
  readonly torn: () => number;
  /** Returns files that are left alone, and the reasons. */
  readonly problems: () => readonly UnitProblem[];
  readonly close: () => Promise<void>;
}

const NUMBER_DIGITS = 8;

/** Names of the files, by the number of a segment; strict, since some are removed in a folder that may hold others. */
const NAME = /^\d{8}\.(log|log\.gz|idx)(\.tmp)?$/;

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
}

/** Opens a folder of segments; makes it if need be. Rejects with errors of the file system. */
export async function openSegmentStore(options: SegmentStoreOptions): Promise<SegmentStore> {
  const { dir, disk, log, clock, maxBytes, maxAgeMs } = options;
  const segmentBytes = Math.min(options.segmentBytes ?? SEGMENT_BYTES, maxBytes / 8);
  let segments: readonly Segment[] = [];
  const problems: UnitProblem[] = [];
  let torn = 0;
  let lastNumber = 0;
  let current: OpenSegment | undefined;
  let writer: Writer | undefined;
  let batch: Batch | undefined;
  let closed = false;

  await disk.run(() => mkdir(dir, { recursive: true, mode: 0o700 }));
  const names = new Set((await disk.run(() => readdir(dir))).filter((name) => NAME.test(name)));
  for (const name of names) if (name.endsWith('.tmp')) await remove(join(dir, name));
  const numbers = new Set([...names].map((name) => Number(name.slice(0, NUMBER_DIGITS))));
  for (const number of [...numbers].sort((left, right) => left - right)) {
    lastNumber = number;
    await addSegment(number);
  }
  // A file that can be read but not written is followed by another one.
  await disk.run(continueWriting).catch(() => (current = undefined));

  function pathsOf(number: number): SegmentPaths {
    const base = join(dir, String(number).padStart(NUMBER_DIGITS, '0'));
    return { lines: `${base}.log`, packed: `${base}.log.gz`, index: `${base}.idx` };
  }

  /** Removes a file; one that stays where nobody can write is harmless. */
  async function remove(path: string): Promise<void> {
    await disk.run(() => rm(path, { force: true }).catch(() => undefined));
  }

  function leaveAlone(path: string, reason: string): void {
    problems.push({ source: 'decisions', reason: `${path} is left alone: ${reason}` });
    log.warn('decisions left alone', { path, reason }, path);
  }

  /** Adds a segment, of which a killed process may have left what is packed, or the lines, or both. */
  async function addSegment(number: number): Promise<void> {
    const paths = pathsOf(number);
    const has = (path: string) => names.has(basename(path));
    const sealed = has(paths.packed) ? await openSealed(paths, number, disk) : undefined;
    current = undefined;
    if (sealed !== undefined) {
      segments = [...segments, sealed];
      if (has(paths.lines)) await remove(paths.lines);
    } else if (has(paths.lines)) {
      await addLines(number, paths.lines);
    } else if (has(paths.packed)) {
      const remedy = `zcat it to ${basename(paths.lines)} beside it and start again`;
      leaveAlone(paths.packed, `its index is lost or of another version; to have it made anew, ${remedy}`);
    }
  }

  async function addLines(number: number, path: string): Promise<void> {
    const scan = await scanSegment(path, number, disk);
    if (typeof scan === 'string') {
      leaveAlone(path, scan);
      return;
    }
    if (scan.torn > 0) log.warn('decisions torn', { path, lines: scan.torn }, path);
    torn += scan.torn;
    if (scan.segment.end === 0) {
      await remove(path);
      return;
    }
    segments = [...segments, scan.segment];
    if (scan.segment.isSound) current = scan.segment;
  }

  async function seal(segment: OpenSegment): Promise<void> {
    const paths = pathsOf(segment.number);
    const sealed = await sealSegment(segment, paths, disk, () => closed || !segments.includes(segment));
    if (sealed === undefined) return;
    segments = segments.map((one) => (one === segment ? sealed : one));
    if (writer?.segment === segment) await disk.run(closeFile);
    await remove(paths.lines);
  }

  /** Removes the oldest segments, but never the one that is written, for which there is room. */
  async function retire(): Promise<void> {
    const oldest = clock.now() - maxAgeMs;
    let bytes = segments.reduce((sum, segment) => sum + (segment === current ? 0 : segment.bytes), 0);
    for (const segment of segments) {
      const newest = segment.index.blocks.reduce((time, { to }) => Math.max(time, to), 0);
      if (segment === current || closed || (bytes <= maxBytes - segmentBytes && newest >= oldest)) return;
      bytes -= segment.bytes;
      segments = segments.filter((one) => one !== segment);
      const { lines, packed, index } = pathsOf(segment.number);
      for (const path of [lines, packed, index]) await remove(path);
    }
  }

  function isFull(segment: OpenSegment, hosts: number): boolean {
    return (
      segment.end >= segmentBytes ||
      clock.now() - segment.time >= SEGMENT_AGE_MS ||
      !segment.hosts.hasRoomFor(hosts)
    );
  }

  function nextBatch(waiting: readonly Unwritten[]): Batch {
    const hostsOf = (one: Unwritten | undefined) => one?.hosts?.length ?? 0;
    if (current === undefined || isFull(current, hostsOf(waiting[0]))) {
      lastNumber += 1;
      current = beginSegment(pathsOf(lastNumber).lines, lastNumber, clock.now(), disk);
    }
    const segment = current;
    const records: (JsonParts & { readonly entry: IndexEntry })[] = [];
    const putUnindexed = (record: object) =>
      records.push({ json: Buffer.from(JSON.stringify(record)), end: '', entry: { keys: [] } });
    if (segment.end === 0) putUnindexed(headerOf(segment));
    let count = 0;
    for (const one of waiting.slice(0, BATCH)) {
      if (count > 0 && !segment.hosts.hasRoomFor(hostsOf(one))) break;
      count += 1;
      const end = endOf(one, segment.hosts, putUnindexed);
      records.push({ json: one.json, end, entry: one.entry });
    }
    const buffer = Buffer.allocUnsafe(records.reduce((sum, record) => sum + mostBytesOf(record), 0));
    let size = 0;
    const lines = records.map((record) => {
      const start = size;
      size = writeFramed(record, buffer, start);
      return { bytes: size - start, entry: record.entry };
    });
    return { segment, text: buffer.subarray(0, size), lines, count };
  }

  /** Opens the file of the last segment, and cuts off a torn line. */
  async function continueWriting(): Promise<void> {
    if (current !== undefined) await (await fileOf(current)).truncate(current.end);
  }

  async function closeFile(): Promise<void> {
    const file = writer?.file;
    writer = undefined;
    await file?.close();
  }

  /** Opens the file of a segment, unless it is open. */
  async function fileOf(segment: OpenSegment): Promise<FileHandle> {
    if (writer?.segment === segment) return writer.file;
    await closeFile();
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const file = await open(segment.path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    writer = { segment, file, inode: (await file.stat()).ino };
    return file;
  }

  return {
    segments: () => segments,
    async write(waiting) {
      batch ??= nextBatch(waiting);
      const { segment, text, lines, count } = batch;
      // At its place, and not at the end: what a failed write left there is written over.
      await disk.run(async () => {
        const file = await fileOf(segment);
        for (let done = 0; done < text.length;) {
          const { bytesWritten } = await file.write(text, done, text.length - done, segment.end + done);
          done += bytesWritten;
        }
      });
      batch = undefined;
      if (segment.end === 0) segments = [...segments, segment];
      for (const { bytes, entry } of lines) segment.add(bytes, entry);
      return count;
    },
    isGone: () =>
      disk.run(
        async () =>
          writer !== undefined && (await stat(writer.segment.path).catch(absent))?.ino !== writer.inode,
      ),
    async keepUp() {
      if (current !== undefined && batch === undefined && current.end > 0 && isFull(current, 0))
        current = undefined;
      await retire();
      for (const segment of segments) if (segment !== current && isOpen(segment)) await seal(segment);
      await retire();
    },
    torn: () => torn,
    problems: () => problems,
    async close() {
      closed = true;
      await disk.run(closeFile).catch(() => undefined);
    },
  };
}

function isOpen(segment: Segment): segment is OpenSegment {
  return 'hosts' in segment;
}
