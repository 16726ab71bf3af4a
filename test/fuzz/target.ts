import type { Random } from '../bridge/xml-rpc/mutation.js';

/** A decoder of bytes from elsewhere, and valid bytes from which the hostile ones are made. */
export interface FuzzTarget {
  readonly seeds: readonly [Buffer, ...Buffer[]];
  /** Number of inputs in the tests: a second or two of them. Default: 3,000. */
  readonly runs?: number;
  /** Decodes bytes. Returns a word for what came of it, which is counted; throws for anything that must not come of any bytes. */
  readonly run: (bytes: Buffer, random: Random) => string | Promise<string>;
}

type Mutation = (bytes: Buffer, random: Random, seeds: FuzzTarget['seeds']) => Buffer;

/** Bytes that mean something in protobuf, JSON or UTF-8, or are the ends of a range. */
const BYTES = [
  0x00, 0x01, 0x08, 0x0a, 0x22, 0x2c, 0x3a, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xff,
] as const;

const PIECES: readonly [Buffer, ...Buffer[]] = [
  Buffer.alloc(10, 0xff),
  Buffer.alloc(12, 0x80),
  Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]),
  Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
  Buffer.from([0x0b, 0x0c]),
  ...[
    'null',
    '1e999',
    '-0',
    '"__proto__":{}',
    '\\u0000',
    '\\ud800',
    '[[',
    '{"a":',
    '"vm":[]',
    ',',
    '/**/',
    '9'.repeat(400),
  ].map((text) => Buffer.from(text)),
  Buffer.from('{'.repeat(200)),
  Buffer.from('x'.repeat(2000)),
];

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  function flip(bytes, { below }) {
    const at = below(bytes.length);
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << below(8));
    return flipped;
  },
  function setByte(bytes, { below, pick }) {
    const changed = Buffer.from(bytes);
    changed[below(changed.length)] = pick(BYTES);
    return changed;
  },
  function cutOff(bytes, { below }) {
    return bytes.subarray(0, below(bytes.length));
  },
  function cutOut(bytes, { below }) {
    const start = below(bytes.length);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + below(40))]);
  },
  function duplicate(bytes, { below }) {
    const start = below(bytes.length);
    const end = start + below(bytes.length - start);
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
  },
  function splice(bytes, { below, pick }, seeds) {
    const other = pick(seeds);
    return Buffer.concat([bytes.subarray(0, below(bytes.length)), other.subarray(below(other.length))]);
  },
  function insert(bytes, { below, pick }) {
    const at = below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), pick(PIECES), bytes.subarray(at)]);
  },
  function replaceJson(bytes, { below, pick }) {
    const text = bytes.toString('latin1');
    const values = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d[\d.]*|true|false|null/g)];
    const value = values[below(values.length)];
    if (value === undefined) return bytes;
    const end = value.index + value[0].length;
    const other = pick([
      'null',
      '0',
      '-1',
      '1e300',
      '""',
      '"x"',
      '[]',
      '{}',
      'true',
      `"${'y'.repeat(2000)}"`,
      '"true"',
    ] as const);
    return Buffer.from(text.slice(0, value.index) + other + text.slice(end), 'latin1');
  },
];

/** Makes bytes with a change, or, every second time, with up to four. */
export function mutateBytes(seeds: FuzzTarget['seeds'], random: Random): Buffer {
  let bytes = random.pick(seeds);
  for (let left = 1 + random.below(2) * random.below(4); left > 0 && bytes.length > 0; left -= 1) {
    bytes = random.pick(MUTATIONS)(bytes, random, seeds);
  }
  return bytes;
}
