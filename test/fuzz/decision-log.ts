import { deepStrictEqual } from 'node:assert';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { createHostDictionary } from '../../src/decisions/host-dictionary.js';
import { encode, endOf, framed, type Appended } from '../../src/decisions/record.js';
import { openSealed, sealSegment } from '../../src/decisions/seal.js';
import { createSearch } from '../../src/decisions/search.js';
import { headerOf, scanSegment, type Segment } from '../../src/decisions/segment.js';
import type { Disk } from '../../src/process/disk.js';
import type { Random } from '../bridge/xml-rpc/mutation.js';
import { decisionAt, hostsNamed, plain, scoreUnit, uuid } from '../decisions/sample.js';
import { mutateBytes, type FuzzTarget } from './target.js';

const TIME = 1_700_000_000_000;
const NUMBER = 1;
const { signal } = new AbortController();
const disk: Disk = { run: (work) => work() };

const folder = mkdtempSync(join(tmpdir(), 'hostscore-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const paths = {
  lines: join(folder, 'segment.log'),
  packed: join(folder, 'segment.gz'),
  index: join(folder, 'segment.index'),
};

function segmentOf(appended: readonly Appended[]): Buffer {
  const dictionary = createHostDictionary();
  const lines = [framed(headerOf({ time: TIME }))];
  for (const one of appended) {
    const before: string[] = [];
    const written = encode(one);
    const end = endOf(written, dictionary, (record) => before.push(framed(record)));
    const json = `${written.json.toString()}${end}`;
    lines.push(...before, `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`);
  }
  return Buffer.from(lines.join(''));
}

const first = decisionAt(TIME, { properties: new Map([['a', 'ü']]), unknownHostIds: [uuid(9)] });
const costs = { values: [1, 300, -5], direction: 'LOWER_IS_BETTER', name: 'raw', weight: 1 } as const;
const failure = { code: 'NOT_FOUND', message: 'x', notFound: 'UNIT' } as const;
const SEEDS = [
  segmentOf([
    { kind: 'decision', decision: first },
    { kind: 'outcome', id: first.id, vmId: uuid(7), outcome: { time: TIME + 5, unmatched: 'TIMED_OUT' } },
    {
      ...{ kind: 'shadow', id: first.id, vmId: uuid(7) },
      result: { shadow: 'dense', policyHash: 'a1', winnerChanged: false, topOverlap: 3, tau: -0.5 },
    },
    {
      kind: 'decision',
      decision: decisionAt(TIME + 1, { units: [costs, { name: 'u', weight: 1, failure }] }),
    },
  ]),
  segmentOf(
    [40, 3, 17].map((size, n) => ({
      kind: 'decision',
      decision: decisionAt(TIME + n, {
        hosts: hostsNamed(size),
        units: [
          scoreUnit('a', size),
          { name: 'f', weight: 1, accepted: Uint8Array.from({ length: size }, (_, place) => place % 2) },
        ],
      }),
    })),
  ),
] as const satisfies FuzzTarget['seeds'];

/** Returns every decision of a segment, the oldest first, as plain JSON. */
async function decisionsOf(segment: Segment): Promise<readonly unknown[]> {
  const search = createSearch(() => [segment]);
  const found: unknown[] = [];
  for (let token: string | undefined; ;) {
    const page = await search.list({}, { size: 2, token }, signal);
    found.unshift(...page.decisions.map(plain).reverse());
    if (page.nextPageToken === undefined) return found;
    token = page.nextPageToken;
  }
}

async function read(bytes: Buffer): Promise<Segment | undefined> {
  writeFileSync(paths.lines, bytes);
  const scan = await scanSegment(paths.lines, NUMBER, disk);
  return typeof scan === 'string' ? undefined : scan.segment;
}

/** Gives each line the checksum of what it has become, so that it is read on. */
function withChecksums(bytes: Buffer): Buffer {
  const lines = bytes.toString('utf8').split('\n');
  const checked = lines.map((line, place) =>
    place === lines.length - 1
      ? line
      : `${crc32(line.slice(9)).toString(16).padStart(8, '0')} ${line.slice(9)}`,
  );
  return Buffer.from(checked.join('\n'));
}

/** Reads a segment that is cut off, as by a kill: what is found is the first of what was there. */
async function readCut({ below, pick }: Random): Promise<string> {
  const whole = pick(SEEDS);
  const all = await read(whole);
  const expected = all === undefined ? [] : (await decisionsOf(all)).map(idOf);
  const end = below(whole.length + 1);
  const segment = await read(whole.subarray(0, end));
  const found = segment === undefined ? [] : (await decisionsOf(segment)).map(idOf);
  deepStrictEqual(found, expected.slice(0, found.length));
  const lines = whole.toString('utf8', 0, end).split('\n').slice(0, -1);
  deepStrictEqual(found.length, lines.filter((line) => line.includes('{"kind":"decision"')).length);
  return 'cut';
}

function idOf(decision: unknown): unknown {
  return typeof decision === 'object' && decision !== null && 'id' in decision ? decision.id : undefined;
}

/** Packs a segment, and reads it again with its index, without it, and with parts of either changed. */
async function readPacked(segment: Exclude<Awaited<ReturnType<typeof scan>>, string>, random: Random) {
  const found = await decisionsOf(segment);
  const sealed = await sealSegment(segment, paths, disk, () => false);
  if (sealed === undefined) throw new Error('not sealed');
  deepStrictEqual(await decisionsOf(sealed), found);
  const opened = await openSealed(paths, NUMBER, disk);
  if (opened === undefined) throw new Error('not opened again');
  deepStrictEqual(await decisionsOf(opened), found);
  const [packed, index] = [readFileSync(paths.packed), readFileSync(paths.index)];
  for (const [damagedPacked, damagedIndex] of [
    [mutateBytes([packed], random), index],
    [packed, mutateBytes([index], random)],
    [packed, withChecksums(mutateBytes([index], random))],
  ] as const) {
    writeFileSync(paths.packed, damagedPacked);
    writeFileSync(paths.index, damagedIndex);
    const damaged = await openSealed(paths, NUMBER, disk);
    if (damaged !== undefined) await decisionsOf(damaged);
  }
}

function scan() {
  return scanSegment(paths.lines, NUMBER, disk).then((result) =>
    typeof result === 'string' ? result : result.segment,
  );
}

/** Segments of the log of decisions: what is whole in one is read, and the rest left out, whatever its bytes are. */
export const decisionLog: FuzzTarget = {
  seeds: SEEDS,
  // Each is written to the disk.
  runs: 250,
  async run(bytes, random) {
    if (random.below(4) === 0) return readCut(random);
    const segment = await read(random.below(2) === 0 ? bytes : withChecksums(bytes));
    if (segment === undefined) return 'refused';
    const found = await decisionsOf(segment);
    if (random.below(4) > 0) return found.length === 0 ? 'none' : 'some';
    const again = await scan();
    if (typeof again === 'string') throw new Error(again);
    await readPacked(again, random);
    return 'packed';
  },
};
