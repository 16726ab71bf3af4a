import { expect } from 'chai';
import { join } from 'node:path';
import {
  FLUSH_MS,
  MAX_PENDING_BYTES,
  openDecisionLog,
  type DecisionLogOptions,
  type OpenDecisionLog,
} from '../../src/decisions/log.js';
import type { Decision } from '../../src/domain/decision.js';
import { createFakeTime, type FakeTime } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';
import { expectRejection } from '../support/rejection.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { decisionAt, everyPage, hostsNamed, plain, scoreUnit, uuid } from './sample.js';

const NOW = Date.parse('2026-01-02T03:04:05.678Z');
const DAY_MS = 24 * 60 * 60 * 1000;
const { signal } = new AbortController();

describe('log of decisions', () => {
  let folder: TemporaryFolder;
  let dir: string;
  let time: FakeTime;
  let opened: OpenDecisionLog[];
  beforeEach(() => {
    folder = temporaryFolder();
    dir = join(folder.path, 'decisions', 'engine');
    time = createFakeTime(NOW);
    opened = [];
  });
  afterEach(async () => {
    for (const log of opened) await log.close();
    folder.remove();
  });

  function open(options: Partial<DecisionLogOptions> = {}): OpenDecisionLog {
    const log = openDecisionLog({
      ...{ dir, maxBytes: 2 ** 30, maxAgeMs: 400 * DAY_MS, owns: () => true, log: memoryLog() },
      ...{ clock: time.clock, after: time.after },
      ...options,
    });
    opened.push(log);
    return log;
  }

  async function reopen(log: OpenDecisionLog): Promise<OpenDecisionLog> {
    await log.close();
    return open();
  }

  const idsOf = (decisions: readonly Decision[]) => decisions.map(({ id }) => id);

  it('gives back by its id what was appended, with every field, at once and after a restart', async () => {
    const hosts = hostsNamed(4);
    const every = decisionAt(NOW, {
      policy: 'gold',
      properties: new Map([
        ['__proto__', 'x'],
        ['weight', '3'],
      ]),
      snapshots: [
        { time: NOW - 5, eventId: 3 },
        { service: 'second', time: NOW - 9 },
      ],
      hosts,
      unknownHostIds: [uuid(77)],
      units: [
        { name: 'bytes', weight: 0, direction: 'HIGHER_IS_BETTER', values: [0, 100, 255, 1] },
        { name: 'ints', weight: 3, direction: 'LOWER_IS_BETTER', values: [-1, 256, 2147483647, -2147483648] },
        { name: 'filter', weight: 1, accepted: Uint8Array.of(1, 0, 0, 1) },
        { name: 'gone', weight: 1, failure: { code: 'NOT_FOUND', message: 'no "unit"\n', notFound: 'UNIT' } },
      ],
      reasons: [{ unit: 'filter', hostId: uuid(1), text: 'too small \u2028 \ud83d\ude00' }],
      migration: { vmId: uuid(8), candidateHostIds: [uuid(1), uuid(2)] },
      selector: 'rank',
      rawScores: false,
    });
    const log = open();
    log.append(every);
    expect(plain(await log.get(every.id, signal))).to.deep.equal(plain(every));
    expect(plain(await (await reopen(log)).get(every.id, signal))).to.deep.equal(plain(every));
  });

  it('lists the newest first, page by page, also over a restart', async () => {
    const decisions = Array.from({ length: 40 }, (_, n) => decisionAt(NOW + n));
    const log = open();
    for (const decision of decisions.slice(0, 20)) log.append(decision);
    const again = await reopen(log);
    for (const decision of decisions.slice(20)) again.append(decision);
    expect(idsOf(await everyPage(again))).to.deep.equal(idsOf(decisions.toReversed()));
    expect(again.figures()).to.include({ written: 20, decisions: 40, segments: 1, torn: 0, dropped: 0 });
  });

  it('lists by VM, its name in either case, method, host, time, failed unit and outcome', async () => {
    const log = open();
    const vm = (n: number) => ({ id: uuid(n), name: `vm-${n}` });
    const [a, b, c, d] = [
      decisionAt(NOW, { vm: vm(1), method: 'FILTER', units: [] }),
      decisionAt(NOW + 1000, { vm: vm(2), hosts: hostsNamed(2, 50), units: [scoreUnit('u', 2)] }),
      decisionAt(NOW + 2000, {
        vm: vm(1),
        units: [{ name: 'slow', weight: 1, failure: { code: 'DEADLINE_EXCEEDED', message: 'late' } }],
      }),
      decisionAt(NOW + 3000, { vm: vm(3), face: 'GRPC' }),
    ];
    for (const decision of [a, b, c, d]) log.append(decision);
    log.appendOutcome(a, { time: NOW + 9, hostId: uuid(0), rank: 1, regret: 0 });
    log.appendOutcome(b, { time: NOW + 9, hostId: uuid(51), rank: 2, regret: 1 });
    log.appendOutcome(c, { time: NOW + 9, unmatched: 'TIMED_OUT' });
    const found = async (query: Parameters<typeof everyPage>[1]) => idsOf(await everyPage(log, query));
    expect(await found({ vmId: uuid(1) })).to.deep.equal([c.id, a.id]);
    expect(await found({ vmName: 'VM-1' })).to.deep.equal([c.id, a.id]);
    expect(await found({ vmName: 'vm-1', vmId: uuid(2) })).to.deep.equal([]);
    expect(await found({ method: 'FILTER' })).to.deep.equal([a.id]);
    expect(await found({ face: 'GRPC' })).to.deep.equal([d.id]);
    expect(await found({ hostId: uuid(50) })).to.deep.equal([b.id]);
    expect(await found({ from: NOW + 1000, to: NOW + 3000 })).to.deep.equal([c.id, b.id]);
    expect(await found({ failedUnit: 'slow' })).to.deep.equal([c.id]);
    expect(await found({ outcome: 'BEST' })).to.deep.equal([a.id]);
    expect(await found({ outcome: 'OTHER' })).to.deep.equal([b.id]);
    expect(await found({ outcome: 'UNMATCHED' })).to.deep.equal([c.id]);
    expect(await found({ outcome: 'NONE' })).to.deep.equal([d.id]);
  });

  it('adds outcomes and the results of shadows to the decision', async () => {
    const log = open();
    const decision = decisionAt(NOW);
    log.append(decision);
    log.appendShadow(decision, {
      shadow: 'next',
      policyHash: 'a1b2',
      winnerChanged: true,
      winner: uuid(2),
      tau: -0.5,
      topOverlap: 3,
    });
    await log.flush();
    log.append(decisionAt(NOW + 60_000));
    log.appendOutcome(decision, { time: NOW + 60_000, hostId: uuid(2), rank: 1, regret: 0 });
    const found = await log.get(decision.id, signal);
    expect(found?.outcome).to.deep.equal({ time: NOW + 60_000, hostId: uuid(2), rank: 1, regret: 0 });
    expect(found?.shadows).to.deep.equal([
      { shadow: 'next', policyHash: 'a1b2', winnerChanged: true, winner: uuid(2), tau: -0.5, topOverlap: 3 },
    ]);
  });

  it('counts the failures of shadows that wait: 1,000 of 100,000 characters do not fit', () => {
    const log = open({ owns: () => false });
    const result = { shadow: 'next', winnerChanged: false, topOverlap: 0, failure: 'x'.repeat(100_000) };
    for (let n = 0; n < 1000; n++) log.appendShadow(decisionAt(NOW), result);
    expect(log.figures().pending).to.equal(Math.floor(MAX_PENDING_BYTES / 100_400));
  });

  it('gives a decision that another supersedes that as its outcome, also after a restart, and tells watchers', async () => {
    const log = open();
    const told: Decision[] = [];
    log.watch((decision) => told.push(decision));
    const [first, second] = [decisionAt(NOW), decisionAt(NOW + 60_000)];
    log.append(first);
    log.append(decisionAt(NOW + 5, { vm: { id: uuid(8) } }));
    log.append(second, first);
    const outcome = { time: NOW + 60_000, unmatched: 'SUPERSEDED' };
    await until(
      () => told.length,
      (count) => count === 4,
    );
    expect([told[3]?.id, told[3]?.outcome]).to.deep.equal([first.id, outcome]);
    const again = await reopen(log);
    expect((await again.get(first.id, signal))?.outcome).to.deep.equal(outcome);
    expect(idsOf(await everyPage(again, { outcome: 'UNMATCHED' }))).to.deep.equal([first.id]);
    expect((await again.get(second.id, signal))?.outcome).to.equal(undefined);
  });

  it('tells watchers of each decision at once, and again with its outcome', async () => {
    const log = open();
    const told: Decision[] = [];
    const end = log.watch((decision) => told.push(decision));
    const decision = decisionAt(NOW);
    log.append(decision);
    expect(told).to.deep.equal([decision]);
    log.appendOutcome(decision, { time: NOW + 5, unmatched: 'VM_GONE' });
    await until(
      () => told.length,
      (count) => count === 2,
    );
    expect([told[1]?.id, told[1]?.outcome]).to.deep.equal([
      decision.id,
      { time: NOW + 5, unmatched: 'VM_GONE' },
    ]);
    end();
    log.append(decisionAt(NOW + 1));
    expect(told.length).to.equal(2);
  });

  it('writes within half a second, without being asked', async () => {
    const log = open();
    await log.flush();
    log.append(decisionAt(NOW));
    expect(log.figures()).to.include({ written: 0, pending: 1 });
    await time.advance(FLUSH_MS);
    await until(
      () => log.figures(),
      ({ written }) => written === 1,
    );
  });

  for (const [what, given, bytes] of [
    ['10,000 unknown hosts', { unknownHostIds: Array.from({ length: 10_000 }, (_, n) => uuid(n)) }, 360_000],
    ['100 properties of 1,000 characters', { properties: manyProperties() }, 100_000],
    ['100 failures of 1,000 characters', { units: manyFailures() }, 100_000],
  ] as const) {
    it(`counts ${what} of what waits as ${bytes} bytes at least`, () => {
      const log = open({ owns: () => false });
      const fit = Math.floor(MAX_PENDING_BYTES / bytes);
      for (let n = 0; n <= fit; n++) log.append(decisionAt(NOW, given));
      expect(log.figures().dropped).to.be.at.least(1);
      expect(log.figures().pending).to.be.within(1, fit);
    });
  }

  it('refuses a page token that it did not give', async () => {
    const log = open();
    for (const token of ['', 'x', '1', '1.', '-1.2', '1.2.3', '9'.repeat(20)])
      await expectRejection(log.list({}, { size: 1, token }, signal), 'INVALID_ARGUMENT', 'page_token');
  });
});

function manyFailures(): Decision['units'] {
  const failure = { code: 'INTERNAL' as const, message: 'x'.repeat(1000) };
  return Array.from({ length: 100 }, (_, n) => ({ name: `unit ${n}`, weight: 1, failure }));
}

function manyProperties(): ReadonlyMap<string, string> {
  return new Map(Array.from({ length: 100 }, (_, n) => [`key ${n}`, 'x'.repeat(1000)]));
}
