import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  FLUSH_MS,
  openDecisionLog,
  UPKEEP_MS,
  type DecisionLogOptions,
  type OpenDecisionLog,
} from '../../src/decisions/log.js';
import { framed } from '../../src/decisions/record.js';
import { SEGMENT_AGE_MS, SEGMENT_BYTES } from '../../src/decisions/segment-store.js';
import type { Decision } from '../../src/domain/decision.js';
import { DISK_TIMEOUT_MS } from '../../src/process/disk.js';
import { createFakeTime, settle, type FakeTime } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { decisionAt, everyPage, scoreUnit, uuid } from './sample.js';

const NOW = Date.parse('2026-01-02T03:04:05.678Z');
const DAY_MS = 24 * 60 * 60 * 1000;
const KIB = 1024;
const { signal } = new AbortController();

describe('segments of a log of decisions', () => {
  let folder: TemporaryFolder;
  let dir: string;
  let time: FakeTime;
  let opened: OpenDecisionLog[];
  beforeEach(() => {
    folder = temporaryFolder();
    dir = join(folder.path, 'engine');
    time = createFakeTime(NOW);
    opened = [];
  });
  afterEach(async () => {
    for (const log of opened.splice(0)) await log.close();
    folder.remove();
  });

  function open(options: Partial<DecisionLogOptions> = {}) {
    const lines = memoryLog();
    const log = openDecisionLog({
      ...{ dir, maxBytes: 2 ** 30, maxAgeMs: 400 * DAY_MS, owns: () => true, log: lines },
      ...{ clock: time.clock, after: time.after },
      ...options,
    });
    opened.push(log);
    return { ...log, events: () => lines.lines.map(({ level, event }) => `${level} ${event}`) };
  }

  async function end(log: OpenDecisionLog): Promise<void> {
    opened = opened.filter((other) => other !== log);
    await log.close();
  }

  /** Lets time pass while no file is being read or written, since that has a time limit. */
  async function advance(ms: number): Promise<void> {
    await until(
      time.pending,
      (timers) => !timers.some((timer) => timer > FLUSH_MS && timer <= DISK_TIMEOUT_MS),
    );
    await time.advance(ms);
  }

  const pathOf = (name: string) => join(dir, name);
  const namesIn = () => (existsSync(dir) ? readdirSync(dir).sort() : []);
  const idsOf = (decisions: readonly Decision[]) => decisions.map(({ id }) => id);

  /** Appends decisions a second apart, the first one now, and writes them. */
  async function fill(log: OpenDecisionLog, count: number): Promise<readonly Decision[]> {
    const decisions = Array.from({ length: count }, (_, n) =>
      decisionAt(time.clock.now() + n * 1000, { vm: { id: uuid(n % 50), name: `vm-${n % 50}` } }),
    );
    for (const decision of decisions) log.append(decision);
    expect(await log.flush()).to.equal(true);
    return decisions;
  }

  const sealed = (count: number) =>
    until(
      namesIn,
      (names) =>
        names.filter((name) => name.endsWith('.log')).length === 1 &&
        names.filter((name) => name.endsWith('.gz')).length === count,
    );

  it('are sealed when they are full: packed with an index beside, read as before, also after a restart', async () => {
    const log = open({ segmentBytes: 150 * KIB });
    const decisions = await fill(log, 500);
    log.appendOutcome(decisions[3] ?? decisionAt(0), { time: NOW, hostId: uuid(1), rank: 1, regret: 0 });
    await log.flush();
    await sealed(1);
    expect(namesIn()).to.deep.equal(['00000001.idx', '00000001.log.gz', '00000002.log']);
    const expected = idsOf(decisions.toReversed());
    expect(idsOf(await everyPage(log, {}, 30))).to.deep.equal(expected);
    await end(log);
    const again = open();
    expect(idsOf(await everyPage(again, {}, 30))).to.deep.equal(expected);
    for (const place of [0, 3, 250, 499])
      expect((await again.get(decisions[place]?.id ?? '', signal))?.id).to.equal(decisions[place]?.id);
    expect((await again.get(decisions[5]?.id ?? '', signal))?.units).to.deep.equal([
      { ...scoreUnit('same_os', 3), values: Uint8Array.of(0, 1, 2) },
    ]);
    expect(idsOf(await everyPage(again, { vmId: uuid(3) }))).to.deep.equal(
      expected.filter((_, place) => (499 - place) % 50 === 3),
    );
    expect(again.figures()).to.include({ decisions: 500, segments: 2, torn: 0, oldest: NOW });
    expect(again.figures().bytes).to.equal(
      namesIn().reduce((sum, name) => sum + statSync(pathOf(name)).size, 0),
    );
  });

  it('are read by zcat: the header, the dictionary, then each line as it was written', async () => {
    const log = open({ segmentBytes: 100 * KIB });
    await fill(log, 400);
    await sealed(1);
    const text = execFileSync('zcat', [pathOf('00000001.log.gz')]).toString();
    const kinds = text
      .trimEnd()
      .split('\n')
      .map((line) => /"kind":"(\w+)"/.exec(line)?.[1]);
    expect(kinds.slice(0, 4)).to.deep.equal(['header', 'hosts', 'list', 'decision']);
    expect(new Set(kinds.slice(3))).to.deep.equal(new Set(['decision']));
  });

  it(`hold ${SEGMENT_BYTES / KIB / KIB} MiB of text, or a day, and are then followed by another`, async () => {
    expect([SEGMENT_BYTES, SEGMENT_AGE_MS]).to.deep.equal([8 * KIB * KIB, DAY_MS]);
    const log = open();
    await fill(log, 1);
    time.set(NOW + DAY_MS - 1);
    await fill(log, 1);
    expect(log.figures().segments).to.equal(1);
    time.set(NOW + DAY_MS);
    await fill(log, 1);
    expect(log.figures().segments).to.equal(2);
  });

  it('keep the page of a search while they are sealed in between', async () => {
    const log = open({ segmentBytes: 150 * KIB });
    const decisions = await fill(log, 250);
    const page = await log.list({}, { size: 100 }, signal);
    const more = await fill(log, 200);
    await sealed(1);
    const rest = await log.list({}, { size: 1000, token: page.nextPageToken }, signal);
    expect(idsOf([...page.decisions, ...rest.decisions])).to.deep.equal(idsOf(decisions.toReversed()));
    expect(more.length).to.equal(200);
  });

  describe('retention', () => {
    it('removes the oldest segments beyond the size, and keeps below it', async () => {
      const maxBytes = 200 * KIB;
      const log = open({ maxBytes });
      const decisions: Decision[] = [];
      for (let round = 0; round < 40; round++) {
        decisions.push(...(await fill(log, 60)));
        time.set(time.clock.now() + 60_000);
        await settle();
      }
      await until(
        () => log.figures().bytes,
        (bytes) => bytes <= maxBytes,
      );
      const kept = idsOf(await everyPage(log, {}, 500));
      expect(kept.length).to.be.greaterThan(100).and.lessThan(2400);
      expect(kept).to.deep.equal(idsOf(decisions.toReversed().slice(0, kept.length)));
      expect(await log.get(decisions[0]?.id ?? '', signal)).to.equal(undefined);
      const onDisk = namesIn().reduce((sum, name) => sum + statSync(pathOf(name)).size, 0);
      expect(onDisk).to.be.at.most(maxBytes);
    });

    it('removes segments of which the newest decision is too old, also when nothing is appended any more', async () => {
      const log = open({ maxAgeMs: 30 * DAY_MS });
      await fill(log, 3);
      time.set(NOW + DAY_MS);
      const later = await fill(log, 2);
      await sealed(1);
      time.set(NOW + 30 * DAY_MS + 2000);
      await advance(UPKEEP_MS);
      await until(
        () => log.figures().decisions,
        (count) => count === 2,
      );
      expect(idsOf(await everyPage(log))).to.deep.equal(idsOf(later.toReversed()));
      await until(namesIn, (names) => names.join() === '00000002.idx,00000002.log.gz');
      time.set(NOW + 32 * DAY_MS);
      await advance(UPKEEP_MS);
      await until(namesIn, (names) => names.length === 0);
    });
  });

  describe('damage', () => {
    const line = (kind: object) => framed(kind);

    async function written(count = 5, options: Partial<DecisionLogOptions> = {}) {
      const log = open(options);
      const decisions = await fill(log, count);
      if (options.segmentBytes !== undefined) await sealed(1);
      await end(log);
      return decisions;
    }

    /** Opens the log and checks which decisions it has, how many lines it counts as torn, and that it goes on. */
    async function expectKept(
      decisions: readonly Decision[],
      torn: number,
    ): Promise<ReturnType<typeof open>> {
      const log = open();
      expect(idsOf(await everyPage(log, {}, 100))).to.deep.equal(idsOf(decisions.toReversed()));
      expect(log.figures()).to.include({ torn, decisions: decisions.length });
      time.set(time.clock.now() + 60_000);
      const more = await fill(log, 2);
      const all = [...more.toReversed(), ...decisions.toReversed()];
      expect(idsOf(await everyPage(log, {}, 100))).to.deep.equal(idsOf(all));
      await end(log);
      const again = open();
      expect(idsOf(await everyPage(again, {}, 100))).to.deep.equal(idsOf(all));
      return again;
    }

    for (const bytes of [1, 2, 50, 300])
      it(`of ${bytes} bytes missing at the end costs the last line, which is cut off and counted`, async () => {
        const decisions = await written();
        const path = pathOf('00000001.log');
        truncateSync(path, statSync(path).size - bytes);
        const log = await expectKept(decisions.slice(0, -1), 1);
        expect([namesIn(), log.figures().torn]).to.deep.equal([['00000001.log'], 0]);
      });

    it('of a header that was not written whole costs nothing but that', async () => {
      mkdirSync(dir);
      writeFileSync(pathOf('00000001.log'), line({ kind: 'header', format: 1, time: NOW }).slice(0, 20));
      await expectKept([], 1);
    });

    it('of an empty file costs nothing', async () => {
      mkdirSync(dir);
      writeFileSync(pathOf('00000007.log'), '');
      await expectKept([], 0);
      expect(namesIn()).to.deep.equal(['00000008.log']);
    });

    it('in the middle costs the lines that it hits: they are counted, and what follows is kept', async () => {
      const decisions = await written();
      const path = pathOf('00000001.log');
      const bytes = readFileSync(path);
      const at = bytes.indexOf(decisions[1]?.id ?? '');
      bytes.fill(0, at, at + 10);
      writeFileSync(path, bytes);
      await expectKept([...decisions.slice(0, 1), ...decisions.slice(2)], 1);
      await sealed(1);
      expect(execFileSync('zcat', [pathOf('00000001.log.gz')]).toString()).not.to.include(decisions[1]?.id);
    });

    it('of the line with the hosts costs the decisions over them: nothing is told of other hosts', async () => {
      const decisions = await written();
      const path = pathOf('00000001.log');
      writeFileSync(path, readFileSync(path, 'utf8').replace('host-1.', 'host-9.'));
      await expectKept([], 1 + decisions.length);
    });

    for (const [what, spoil] of [
      ['missing', (path: string) => rmSync(path)],
      ['cut off', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 100))],
      ['wrong', (path: string) => writeFileSync(path, line({ kind: 'index', format: 1, packed: 1 }))],
    ] as const)
      it(`of an index, ${what}, leaves its packed segment alone, and says how to have it made anew`, async () => {
        const decisions = await written(600, { segmentBytes: 150 * KIB });
        spoil(pathOf('00000001.idx'));
        const log = open();
        const kept = await everyPage(log, {}, 100);
        expect(kept.length).to.be.within(1, 599);
        const [problem] = log.problems();
        expect(problem?.reason).to.equal(
          `${pathOf('00000001.log.gz')} is left alone: its index is lost or of another version; ` +
            'to have it made anew, zcat it to 00000001.log beside it and start again',
        );
        await end(log);
        const lines = execFileSync('zcat', [pathOf('00000001.log.gz')]);
        writeFileSync(pathOf('00000001.log'), lines);
        expect(idsOf(await everyPage(open(), {}, 100))).to.deep.equal(idsOf(decisions.toReversed()));
        await sealed(1);
      });

    it('of a packed segment costs its blocks that are hit', async () => {
      const decisions = await written(600, { segmentBytes: 150 * KIB });
      const path = pathOf('00000001.log.gz');
      const bytes = readFileSync(path);
      bytes.fill(0, bytes.length - 1000, bytes.length - 900);
      writeFileSync(path, bytes);
      const kept = idsOf(await everyPage(open(), {}, 100));
      expect(kept.length).to.be.greaterThan(100).and.lessThan(600);
      expect(idsOf(decisions)).to.include.members([...kept]);
    });
  });

  describe('a crash while a segment is sealed', () => {
    /** Leaves a segment both as it was written and packed. */
    async function both(): Promise<readonly Decision[]> {
      const log = open();
      const decisions = await fill(log, 300);
      await end(log);
      copyFileSync(pathOf('00000001.log'), join(folder.path, 'lines'));
      time.set(NOW + DAY_MS);
      const again = open();
      await again.flush();
      await until(namesIn, (names) => names.includes('00000001.idx') && !names.includes('00000001.log'));
      await end(again);
      copyFileSync(join(folder.path, 'lines'), pathOf('00000001.log'));
      return decisions;
    }

    const stages: readonly (readonly [title: string, change: () => void])[] = [
      ['after both files were there', () => undefined],
      ['before the packed file was there', () => rmSync(pathOf('00000001.log.gz'))],
      [
        'before the index was there',
        () => {
          rmSync(pathOf('00000001.log.gz'));
          rmSync(pathOf('00000001.idx'));
          writeFileSync(pathOf('00000001.log.gz.tmp'), 'half');
          writeFileSync(pathOf('00000001.idx.tmp'), '');
        },
      ],
    ];
    for (const [title, change] of stages)
      it(`${title} leaves each decision once, and no other file`, async () => {
        const decisions = await both();
        change();
        const log = open();
        expect(idsOf(await everyPage(log, {}, 100))).to.deep.equal(idsOf(decisions.toReversed()));
        await until(namesIn, (names) => names.join() === '00000001.idx,00000001.log.gz');
        expect(idsOf(await everyPage(log, {}, 100))).to.deep.equal(idsOf(decisions.toReversed()));
      });
  });

  describe('another format', () => {
    it('is left alone with all its lines, named, never removed, and numbers go on behind it', async () => {
      mkdirSync(dir);
      const newer =
        framed({ kind: 'header', format: 2, time: NOW }) + framed({ kind: 'decision', better: true });
      writeFileSync(pathOf('00000004.log'), newer);
      writeFileSync(pathOf('00000003.log.gz'), gzipSync(newer));
      const newerIndex = framed({ kind: 'index', format: 2 });
      writeFileSync(pathOf('00000003.idx'), newerIndex);
      const log = open({ maxAgeMs: 1, maxBytes: 8 });
      await fill(log, 5);
      await settle();
      expect(log.problems().map(({ reason }) => reason.replace(dir, ''))).to.deep.equal([
        '/00000003.log.gz is left alone: its index is lost or of another version; to have it made anew, zcat it to 00000003.log beside it and start again',
        '/00000004.log is left alone: it has format 2, this version reads 1',
      ]);
      await end(log);
      expect(readFileSync(pathOf('00000004.log'), 'utf8')).to.equal(newer);
      expect(gunzipSync(readFileSync(pathOf('00000003.log.gz'))).toString()).to.equal(newer);
      expect(readFileSync(pathOf('00000003.idx'), 'utf8')).to.equal(newerIndex);
      expect(namesIn().every((name) => Number(name.slice(0, 8)) > 2)).to.equal(true);
    });

    it('leaves files of other names alone', async () => {
      mkdirSync(dir);
      for (const name of ['1.log', 'notes.txt', '00000001.log.bak', 'x.tmp'])
        writeFileSync(pathOf(name), name);
      const log = open({ maxAgeMs: 1 });
      await fill(log, 5);
      await end(log);
      for (const name of ['1.log', 'notes.txt', '00000001.log.bak', 'x.tmp'])
        expect(readFileSync(pathOf(name), 'utf8')).to.equal(name);
    });
  });
});
