import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Disk } from '../process/disk.js';
import { absent } from '../process/owner-socket.js';
import { createHostDictionary, type HostDictionary } from './host-dictionary.js';
import { entryOf, FORMAT, parseLine, type IndexEntry, type StoredRecord } from './record.js';
import { createIndex, type GrowingIndex, type SegmentIndex } from './segment-index.js';

/** Bytes of a file that are read at once while it is scanned, so that nothing waits long for a turn. */
const CHUNK_BYTES = 1024 * 1024;

/** Most bytes that a block may unpack to: one line more than a block, and a dictionary as large as they come, with room. */
const MAX_UNPACKED_BYTES = 32 * 1024 * 1024;

/** A file of lines, the first of which is a header. It has its own dictionary, so that it can be read by itself. */
export interface Segment {
  /** Segments are numbered in the order in which they were begun. */
  readonly number: number;
  readonly index: SegmentIndex;
  /** Size on the disk. */
  readonly bytes: number;
  readonly dictionary: () => Promise<HostDictionary>;
  /** Resolves to the lines of a block, to none if it can't be unpacked. The place in the queue of the disk is taken at once, not when a promise settles. */
  readonly lines: (place: number) => Promise<readonly string[]>;
}

/** A segment whose lines stand in its file as they are. */
export interface OpenSegment extends Segment {
  readonly index: GrowingIndex;
  readonly path: string;
  readonly hosts: HostDictionary;
  /** True when nothing is missing in it but the end, so that it can be continued. */
  readonly isSound: boolean;
  /** Time at which it was begun, in ms since the epoch. */
  readonly time: number;
  /** End of its last whole line. */
  readonly end: number;
  /** Adds what was written at its end to the index. */
  readonly add: GrowingIndex['add'];
}

/** Begins a segment, of which nothing is written yet. Returns it with the text that its file has to begin with. */
export function beginSegment(path: string, number: number, time: number, disk: Disk): OpenSegment {
  return openSegment({
    ...{ path, number, time, disk, isSound: true },
    ...{ hosts: createHostDictionary(), index: createIndex() },
  });
}

/** Returns the first record of a segment. */
export function headerOf({ time }: Pick<OpenSegment, 'time'>) {
  return { kind: 'header', format: FORMAT, time } as const;
}

function openSegment(
  parts: Pick<OpenSegment, 'path' | 'number' | 'time' | 'isSound' | 'hosts' | 'index'> & {
    readonly disk: Disk;
  },
): OpenSegment {
  const { index, path, hosts, disk } = parts;
  const end = () => {
    const last = index.blocks.at(-1);
    return last === undefined ? 0 : last.offset + last.bytes;
  };
  return {
    ...parts,
    get bytes() {
      return end();
    },
    get end() {
      return end();
    },
    add: index.add,
    dictionary: () => Promise.resolve(hosts),
    async lines(place) {
      return linesIn(await readBlock(path, index, place, disk));
    },
  };
}

/** The result of a scan. */
export interface Scan {
  readonly segment: OpenSegment;
  /** Lines that were no whole record, and so are never read; the last one is cut off. */
  readonly torn: number;
}

/**
 * Scans the file of a segment that was not sealed. Resolves to the reason why it can't be read if it has another format. Rejects
 * with errors of the file system.
 */
export async function scanSegment(path: string, number: number, disk: Disk): Promise<Scan | string> {
  const hosts = createHostDictionary();
  const index = createIndex();
  let time: number | undefined;
  let torn = 0;
  let isSound = true;
  for await (const { text, bytes, isTail } of linesOfFile(path, disk)) {
    if (isTail) {
      torn += 1;
      break;
    }
    if (time === undefined) {
      const record = parseLine(text);
      const refusal = refusalOf(record);
      if (refusal !== undefined) return refusal;
      time = record?.kind === 'header' ? record.time : 0;
      index.add(bytes, { keys: [] });
      continue;
    }
    const entry = entryOfLine(text, hosts);
    if (entry === undefined) {
      torn += 1;
      isSound = false;
    }
    index.add(bytes, entry ?? { keys: [] });
  }
  isSound &&= time !== undefined;
  return { segment: openSegment({ path, number, time: time ?? 0, isSound, disk, hosts, index }), torn };
}

/** Returns the reason why a segment can't be read whose first line is this one; undefined if it can. */
function refusalOf(first: StoredRecord | undefined): string | undefined {
  if (first?.kind !== 'header') return 'its first line is no header';
  if (first.format !== FORMAT) return `it has format ${first.format}, this version reads ${FORMAT}`;
  return undefined;
}

/**
 * Returns what the index has of a line, after adding one of the dictionary to `hosts`. Returns undefined for a line that is torn
 * or corrupt, or for which hosts are missing.
 */
export function entryOfLine(line: string, hosts: HostDictionary): IndexEntry | undefined {
  const record = parseLine(line);
  if (record === undefined) return undefined;
  try {
    if (record.kind === 'decision') hosts.decode(record.decision.hosts);
    if (record.kind === 'hosts' || record.kind === 'list') hosts.add(record);
  } catch {
    return undefined;
  }
  return entryOf(record);
}

interface ScannedLine {
  readonly text: string;
  /** With its line feed. */
  readonly bytes: number;
  /** True for what comes after the last line feed. */
  readonly isTail: boolean;
}

async function* linesOfFile(path: string, disk: Disk): AsyncGenerator<ScannedLine> {
  let rest = Buffer.alloc(0);
  for (let offset = 0; ;) {
    const chunk = await readAt(path, offset, CHUNK_BYTES, disk);
    if (chunk.length === 0) break;
    offset += chunk.length;
    const all = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, start)) {
      yield { text: all.toString('utf8', start, end), bytes: end + 1 - start, isTail: false };
      start = end + 1;
    }
    rest = all.subarray(start);
  }
  if (rest.length > 0) yield { text: '', bytes: rest.length, isTail: true };
}

/** Creates a segment whose blocks are members of a gzip file, the first of which holds its header and its dictionary. */
export function sealedSegment(parts: {
  readonly path: string;
  readonly number: number;
  readonly index: SegmentIndex;
  readonly bytes: number;
  readonly disk: Disk;
}): Segment {
  const { path, index, disk } = parts;
  async function lines(place: number): Promise<readonly string[]> {
    const packed = await readBlock(path, index, place, disk);
    const text = promisify(gunzip)(packed, { maxOutputLength: MAX_UNPACKED_BYTES });
    return linesIn(await text.catch(() => Buffer.alloc(0)));
  }

  return {
    ...parts,
    lines,
    async dictionary() {
      const hosts = createHostDictionary();
      for (const line of await lines(0)) {
        const record = parseLine(line);
        if (record?.kind === 'hosts' || record?.kind === 'list') hosts.add(record);
      }
      return hosts;
    },
  };
}

function linesIn(text: Buffer): readonly string[] {
  return text.toString('utf8').split('\n').slice(0, -1);
}

function readBlock(path: string, { blocks }: SegmentIndex, place: number, disk: Disk): Promise<Buffer> {
  const { offset, bytes } = blocks[place] ?? { offset: 0, bytes: 0 };
  return readAt(path, offset, bytes, disk);
}

/** Reads a part of a file; nothing of one that was removed meanwhile. */
function readAt(path: string, offset: number, bytes: number, disk: Disk): Promise<Buffer> {
  return disk.run(async () => {
    const file = await open(path, 'r').catch(absent);
    if (file === undefined) return Buffer.alloc(0);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  });
}
