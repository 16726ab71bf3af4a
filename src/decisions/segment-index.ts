import type { IndexEntry } from './record.js';

/** Text of a block, in bytes, its last line included: unpacked within a millisecond, and large enough to pack well. */
export const BLOCK_BYTES = 64 * 1024;

/** A part of a segment that is read at once, from its first line to its last one. */
export interface Block {
  readonly offset: number;
  bytes: number;
  /** Times of its first and last decision, in ms since the epoch; `from` is greater when it has none. */
  from: number;
  to: number;
  /** Decisions of the segment before the block. */
  readonly decisions: number;
  /** Keys of the segment before the block. */
  readonly keys: number;
}

/** The facts of a block without decisions before all others. */
export const NO_DECISIONS = { from: Number.MAX_SAFE_INTEGER, to: 0, decisions: 0, keys: 0 } as const;

/** An index of a segment: its blocks, and which keys are in which, in the order of the segment. */
export interface SegmentIndex {
  readonly blocks: readonly Block[];
  readonly decisions: number;
  /** Each key once a block; searched from end to end, which takes a nanosecond a key. */
  readonly keys: Keys;
}

/** Hashes in the order of the blocks. */
export type Keys = ArrayLike<number> & Pick<Uint32Array, 'indexOf' | 'lastIndexOf'>;

/** An index that grows. */
export interface GrowingIndex extends SegmentIndex {
  /** Adds lines at the end. */
  readonly add: (bytes: number, entry: IndexEntry) => void;
}

/** Creates an empty index. */
export function createIndex(): GrowingIndex {
  const blocks: Block[] = [];
  const keys: number[] = [];
  let decisions = 0;
  let last: Block | undefined;

  function startBlock(offset: number): Block {
    const block = { ...NO_DECISIONS, offset, bytes: 0, decisions, keys: keys.length };
    blocks.push(block);
    return (last = block);
  }

  function addTo(block: Block, { time, keys: added }: IndexEntry): void {
    for (const key of added) if (!keys.includes(key, block.keys)) keys.push(key);
    if (time === undefined) return;
    decisions += 1;
    block.from = Math.min(block.from, time);
    block.to = Math.max(block.to, time);
  }

  return {
    blocks,
    keys,
    get decisions() {
      return decisions;
    },
    add(bytes, entry) {
      const end = last === undefined ? 0 : last.offset + last.bytes;
      const block = last === undefined || last.bytes >= BLOCK_BYTES ? startBlock(end) : last;
      block.bytes += bytes;
      addTo(block, entry);
    },
  };
}

/** Returns the number of decisions up to the end of a block. */
export function decisionsThrough({ blocks, decisions }: SegmentIndex, place: number): number {
  return blocks[place + 1]?.decisions ?? decisions;
}

/** Returns the place of the block in which a decision of the segment is, counted from 0. */
export function blockOfDecision({ blocks }: SegmentIndex, ordinal: number): number {
  return lastPlace(blocks, ({ decisions }) => decisions <= ordinal);
}

/** Returns the places of the blocks with a key, or of all blocks, from the last one before `end` on down. */
export function* blocksBefore({ blocks, keys }: SegmentIndex, end: number, key?: number): Generator<number> {
  if (key === undefined) for (let place = end - 1; place >= 0; place--) yield place;
  else
    for (let place = end; place > 0;) {
      const before = blocks[place]?.keys ?? keys.length;
      const found = before === 0 ? -1 : keys.lastIndexOf(key, before - 1);
      if (found < 0) return;
      place = lastPlace(blocks, (block) => block.keys <= found);
      yield place;
    }
}

/** Returns the places of the blocks with a key from `start` on up. */
export function* blocksFrom({ blocks, keys }: SegmentIndex, start: number, key: number): Generator<number> {
  for (let place = start; place < blocks.length; place++) {
    const found = keys.indexOf(key, blocks[place]?.keys);
    if (found < 0) return;
    place = lastPlace(blocks, (block) => block.keys <= found);
    yield place;
  }
}

/** Returns the place of the last block of which a condition holds that holds of all before it, by bisection; -1 for none. */
function lastPlace(blocks: readonly Block[], holds: (block: Block) => boolean): number {
  let [low, high] = [0, blocks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const block = blocks[middle];
    if (block !== undefined && holds(block)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
