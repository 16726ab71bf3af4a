import { expect } from 'chai';
import { createFailureLog } from '../../src/bridge/failure-log.js';
import type { RequestEnd } from '../../src/bridge/server.js';
import type { UnitFailure } from '../../src/domain/contract.js';
import { createFakeTime } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';
import { hostId } from '../support/world.js';
import { costs, createStage, filtering, filters, scoring, type Stage } from './stage.js';

const H1 = hostId(1);
const down = (code: UnitFailure['code'] = 'UNAVAILABLE'): UnitFailure => ({ code, message: 'down' });

/** Filters that accept host 1, but for those that fail. */
function staged(failing: Record<string, UnitFailure | undefined>): Stage {
  const service = {
    ...filtering({}),
    filterHosts: (...args: Parameters<ReturnType<typeof filtering>['filterHosts']>) =>
      filtering(Object.fromEntries(args[0].units.map((unit) => [unit, failing[unit] ?? [1]]))).filterHosts(
        ...args,
      ),
  };
  return createStage(service);
}

const told = ({ log }: Stage) =>
  log.lines
    .splice(0)
    .map(({ level, event, fields }) => [level, event, fields['reasons'] ?? fields['unit'] ?? '']);

describe('failures in the log', () => {
  it('are told at warn the first time and once a minute, with the number of times, and at debug otherwise', async () => {
    const stage = staged({ a: down() });
    const quiet = ['debug', 'units failed', ''];
    const loud = (times: string) => ['warn', 'units failed', [`a: UNAVAILABLE: down${times}`]];
    for (let calls = 0; calls < 3; calls += 1) await filters(stage, ['a', 'b'], [H1]);
    expect(told(stage)).to.deep.equal([loud(''), quiet, quiet]);
    await stage.time.advance(59_999);
    await filters(stage, ['a'], [H1]);
    expect(told(stage)).to.deep.equal([quiet]);
    await stage.time.advance(1);
    await filters(stage, ['a'], [H1]);
    expect(told(stage)).to.deep.equal([loud(' (4 times)')]);
  });

  it('are told of each unit, and of each code', async () => {
    const failing: Record<string, UnitFailure> = { a: down() };
    const stage = staged(failing);
    await filters(stage, ['a'], [H1]);
    failing['a'] = down('DEADLINE_EXCEEDED');
    failing['b'] = down();
    await filters(stage, ['a', 'b'], [H1]);
    expect(told(stage).map(([, , reasons]) => reasons)).to.deep.equal([
      ['a: UNAVAILABLE: down'],
      ['a: DEADLINE_EXCEEDED: down', 'b: UNAVAILABLE: down'],
    ]);
  });

  it('end with one line when the unit answers again: it failed 2 + 1 times', async () => {
    const failing: Record<string, UnitFailure | undefined> = { a: down(), b: down() };
    const stage = staged(failing);
    await filters(stage, ['a', 'b'], [H1]);
    await filters(stage, ['a', 'b'], [H1]);
    failing['a'] = down('DEADLINE_EXCEEDED');
    await filters(stage, ['a', 'b'], [H1]);
    failing['a'] = undefined;
    told(stage);
    await filters(stage, ['a', 'b'], [H1]);
    await filters(stage, ['a', 'b'], [H1]);
    const lines = stage.log.lines.filter(({ level }) => level === 'info');
    expect(lines.map(({ event, fields }) => [event, fields])).to.deep.equal([
      ['unit recovered', { requestId: 'r-4', method: 'runFilters', unit: 'a', failedTimes: 3 }],
    ]);
  });

  it('of more than 8 units in one call are told by and by: 8, then 2, then none', async () => {
    const names = Array.from({ length: 10 }, (_, n) => `u${n}`);
    const stage = staged(Object.fromEntries(names.map((name) => [name, down()])));
    for (let calls = 0; calls < 3; calls += 1) await filters(stage, names, [H1]);
    const counts = stage.log.lines.map(({ level, fields: { reasons, failed } }) => [
      level,
      Array.isArray(reasons) ? reasons.length : 0,
      failed,
    ]);
    expect(counts).to.deep.equal([
      ['warn', 8, 10],
      ['warn', 2, 10],
      ['debug', 0, 10],
    ]);
  });

  it('are told when the clock was set back', async () => {
    const stage = staged({ a: down() });
    await filters(stage, ['a'], [H1]);
    stage.time.set(stage.time.clock.now() - 3_600_000);
    await filters(stage, ['a'], [H1]);
    expect(told(stage).map(([level]) => level)).to.deep.equal(['warn', 'warn']);
  });

  it('that break the contract are told at error as often', async () => {
    const stage = createStage(scoring({ a: [] }));
    for (let calls = 0; calls < 3; calls += 1) await costs(stage, { a: 1 }, [H1]);
    const broken = stage.log.lines.filter(({ event }) => event === 'answer invalid');
    expect(broken.map(({ level }) => level)).to.deep.equal(['error', 'debug', 'debug']);
  });
});

const END: RequestEnd = {
  method: undefined,
  status: undefined,
  faultCode: undefined,
  outcome: undefined,
  refusal: 'no',
  durationMs: 1,
  receivedBytes: 7,
};

describe('refusals in the log', () => {
  const cases: readonly (readonly [
    title: string,
    end: Partial<RequestEnd>,
    fields: Record<string, unknown>,
  ])[] = [
    ['a status', { status: 404 }, { status: 404, reason: 'no', receivedBytes: 7 }],
    [
      'a fault, and a method of any name',
      { status: 200, faultCode: -32500, method: 'a\nb' },
      { method: String.raw`"a\nb"`, status: 200, code: -32500, reason: 'no', receivedBytes: 7 },
    ],
    ['a request that was cut', {}, { reason: 'no', receivedBytes: 7 }],
  ];
  for (const [title, end, fields] of cases) {
    it(`tell of ${title}`, () => {
      const log = memoryLog();
      createFailureLog(log, Date).refused('no', { ...END, ...end });
      expect(log.lines).to.deep.equal([{ level: 'warn', event: 'request refused', fields }]);
    });
  }

  it('come at once and then once a minute of each code, with how many were left out: 1, then 5 - 1 = 4', async () => {
    const log = memoryLog();
    const time = createFakeTime();
    const { refused } = createFailureLog(log, time.clock);
    const told = () => log.lines.splice(0).map(({ fields }) => [fields['status'], fields['suppressed']]);
    refused('no', { ...END, status: 404 });
    for (let times = 0; times < 3; times += 1) refused('no', { ...END, status: 404 });
    refused('no', { ...END, status: 405 });
    expect(told()).to.deep.equal([
      [404, undefined],
      [405, undefined],
    ]);
    await time.advance(59_999);
    refused('no', { ...END, status: 404 });
    expect(told()).to.deep.equal([]);
    await time.advance(1);
    refused('no', { ...END, status: 404 });
    expect(told()).to.deep.equal([[404, 4]]);
  });
});
