import { open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { z } from 'zod';
import type { Disk } from '../process/disk.js';
import { absent } from '../process/owner-socket.js';
import { syncFolder } from '../process/state-dir.js';
import { base64Of } from './host-dictionary.js';
import { FORMAT, framed, isLineOf, unframed } from './record.js';
import { entryOfLine, headerOf, sealedSegment, type OpenSegment, type Segment } from './segment.js';
import { NO_DECISIONS, type Block, type SegmentIndex } from './segment-index.js';

/** The paths of a segment: its lines as they were written, packed, and the index of what is packed. */
export interface SegmentPaths {
  readonly lines: string;
  readonly packed: string;
  readonly index: string;
}

/** The file of an index: one line like those of a segment. */
const indexSchema = z.strictObject({
  kind: z.literal('index'),
  format: z.literal(FORMAT),
  /** Size of the packed file. */
  packed: z.int(),
  decisions: z.int(),
  /** Of each block what {@link SegmentIndex} has, in that order. */
  blocks: z.array(z.tuple([z.int(), z.int(), z.int(), z.int(), z.int(), z.int()])),
  /** 32 bits a key, in base64. */
  keys: z.base64(),
});

/**
 * Packs a segment that is not written any more: a concatenation of gzip members, the first with the header and the dictionary, then
 * one for each block, and an index beside it. Resolves to the packed segment, or to undefined if `isEnded` said so in between.
 * The file of lines is left to the caller. Whenever the process is killed, that file or both others are complete.
 */
export async function sealSegment(
  segment: OpenSegment,
  paths: SegmentPaths,
  disk: Disk,
  isEnded: () => boolean,
): Promise<Segment | undefined> {
  const { hosts, index: unpacked } = segment;
  const members: Buffer[] = [];
  const blocks: Block[] = [];
  let size = 0;

  async function put(lines: readonly string[], facts: Omit<Block, 'offset' | 'bytes'>): Promise<void> {
    const member = await promisify(gzip)(lines.join(''), { level: constants.Z_BEST_SPEED });
    members.push(member);
    blocks.push({ ...facts, offset: size, bytes: member.length });
    size += member.length;
  }

  await put([headerOf(segment), ...hosts.records()].map(framed), NO_DECISIONS);
  for (const [place, block] of unpacked.blocks.entries()) {
    if (isEnded()) return undefined;
    const lines = (await segment.lines(place)).filter(
      (line) => !isDictionaryLine(line) && (segment.isSound || entryOfLine(line, hosts) !== undefined),
    );
    await put(
      lines.map((line) => `${line}\n`),
      block,
    );
  }
  const index = { blocks, decisions: unpacked.decisions, keys: Uint32Array.from(unpacked.keys) };
  const text = framed(formatIndex(index, size));
  await disk.run(() => writeSynced(temporary(paths.packed), Buffer.concat(members)));
  await disk.run(() => writeSynced(temporary(paths.index), text));
  // The index first: a packed file without one is taken for what an administrator left of it.
  await disk.run(() => rename(temporary(paths.index), paths.index));
  await disk.run(() => rename(temporary(paths.packed), paths.packed));
  await disk.run(() => syncFolder(dirname(paths.packed)));
  return sealedSegment({
    path: paths.packed,
    number: segment.number,
    disk,
    bytes: size + text.length,
    index,
  });
}

function isDictionaryLine(line: string): boolean {
  return isLineOf(line, 'header') || isLineOf(line, 'hosts') || isLineOf(line, 'list');
}

/**
 * Opens a packed segment. Resolves to undefined if its index is missing or does not belong to it. Rejects with errors of the
 * file system.
 */
export async function openSealed(
  paths: SegmentPaths,
  number: number,
  disk: Disk,
): Promise<Segment | undefined> {
  const text = await disk.run(() => readFile(paths.index, 'utf8').catch(absent));
  const parsed = indexSchema.safeParse(unframed(text?.trimEnd() ?? '')).data;
  if (text === undefined || parsed === undefined) return undefined;
  const { size } = await disk.run(() => stat(paths.packed));
  const keys = new Uint8Array(Buffer.from(parsed.keys, 'base64'));
  const isWithin = parsed.blocks.every(
    ([offset, bytes]) => offset >= 0 && bytes >= 0 && offset + bytes <= size,
  );
  if (size !== parsed.packed || !isWithin || keys.length % Uint32Array.BYTES_PER_ELEMENT > 0)
    return undefined;
  const blocks = parsed.blocks.map(([offset, bytes, from, to, decisions, before]) => ({
    ...{ offset, bytes, from, to, decisions, keys: before },
  }));
  const index = { blocks, decisions: parsed.decisions, keys: new Uint32Array(keys.buffer) };
  return sealedSegment({ path: paths.packed, number, index, bytes: size + text.length, disk });
}

function formatIndex(
  { blocks, decisions, keys }: SegmentIndex & { readonly keys: Uint32Array },
  packed: number,
): z.input<typeof indexSchema> {
  return {
    kind: 'index',
    format: FORMAT,
    packed,
    decisions,
    blocks: blocks.map((block) => [
      ...([block.offset, block.bytes, block.from, block.to, block.decisions, block.keys] as const),
    ]),
    keys: base64Of(keys),
  };
}

function temporary(path: string): string {
  return `${path}.tmp`;
}

async function writeSynced(path: string, content: Buffer | string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
