import { expect } from 'chai';
import type { RequestEnd } from '../../src/bridge/request.js';
import type { UnitFailure } from '../../src/domain/contract.js';
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
  return createStage(service, { isThrottled: true });
}

/** What was logged since the last look, but for lines at debug: event, unit, code, and how often. */
const told = ({ log }: Stage) =>
  log.lines
    .splice(0)
    .filter(({ level }) => level !== 'debug')
    .map(({ level, event, fields: { unit, code, times, failedTimes } }) =>
      [level, event, unit, code, times, failedTimes]
        .filter((part) => part !== undefined)
        .map(String)
        .join(' '),
    );

describe('failures in the log', () => {
  it('are told at warn the first time and once a minute, with the number of times, and at debug otherwise', async () => {
    const stage = staged({ a: down() });
    for (let calls = 0; calls < 3; calls += 1) await filters(stage, ['a', 'b'], [H1]);
    const [first, ...others] = stage.log.lines.splice(0);
    expect(first?.fields).to.include({
      ...{ requestId: 'r-1', method: 'runFilters', unit: 'a', code: 'UNAVAILABLE' },
      reason: 'UNAVAILABLE: down',
    });
    expect(others.map(({ level }) => level)).to.deep.equal(['debug', 'debug']);
    await stage.time.advance(59_999);
    await filters(stage, ['a'], [H1]);
    expect(told(stage)).to.deep.equal([]);
    await stage.time.advance(1);
    expect(told(stage)).to.deep.equal(['warn unit failed a UNAVAILABLE 3']);
  });

  it('are told of each unit, and of each code', async () => {
    const failing: Record<string, UnitFailure> = { a: down() };
    const stage = staged(failing);
    await filters(stage, ['a'], [H1]);
    failing['a'] = down('DEADLINE_EXCEEDED');
    failing['b'] = down();
    await filters(stage, ['a', 'b'], [H1]);
    expect(told(stage)).to.deep.equal([
      'warn unit failed a UNAVAILABLE',
      'warn unit failed a DEADLINE_EXCEEDED',
      'warn unit failed b UNAVAILABLE',
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
    expect(told(stage)).to.deep.equal(['info unit recovered a 3']);
  });

  it('of a unit that alternates are two lines at first, then two a minute: 600 calls in 10 minutes are 22', async () => {
    const failing: Record<string, UnitFailure | undefined> = {};
    const stage = staged(failing);
    for (let second = 0; second < 600; second += 1) {
      failing['a'] = second % 2 === 0 ? down() : undefined;
      await filters(stage, ['a'], [H1]);
      await stage.time.advance(1000);
    }
    await stage.time.advance(1000);
    const lines = told(stage);
    expect(lines).to.have.length(22);
    expect(lines.slice(0, 4)).to.deep.equal([
      'warn unit failed a UNAVAILABLE',
      'info unit recovered a 1',
      'warn unit failed a UNAVAILABLE 29',
      'info unit recovered a 29 1',
    ]);
  }).timeout(20_000);

  it('of 127 names that nobody has are one line, and one of a unit that there is comes through', async () => {
    const failing: Record<string, UnitFailure> = { a: down() };
    const stage = staged(failing);
    for (let n = 0; n < 127; n += 1) failing[`made-up-${n}`] = { code: 'NOT_FOUND', message: 'no such' };
    await filters(stage, Object.keys(failing).reverse(), [H1]);
    expect(told(stage)).to.deep.equal([
      'warn unit failed made-up-126 NOT_FOUND',
      'warn unit failed a UNAVAILABLE',
    ]);
  });

  it('that break the contract are told at error as often', async () => {
    const stage = createStage(scoring({ a: [] }), { isThrottled: true });
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

describe('lost connections in the log', () => {
  it('come at once, and then once a minute of each reason with their number: 1, then 3', async () => {
    const { log, connectionLost, time } = createStage(filtering({}), { isThrottled: true });
    const warned = () => log.lines.splice(0).filter(({ level }) => level === 'warn');
    const line = (fields: Record<string, unknown>) => ({ level: 'warn', event: 'connection lost', fields });
    for (let times = 0; times < 4; times += 1) connectionLost('too many connections', 256);
    connectionLost('answer not read', 30_000);
    expect(warned()).to.deep.equal([
      line({ reason: 'too many connections', detail: 256 }),
      line({ reason: 'answer not read', detail: 30_000 }),
    ]);
    await time.advance(60_000);
    expect(warned().map(({ fields: { reason, times } }) => [reason, times])).to.deep.equal([
      ['too many connections', 3],
    ]);
  });
});

describe('refusals in the metrics', () => {
  for (const [end, reason] of [
    [{ status: 404 }, 'wrong_path'],
    [{ status: 413 }, 'too_large'],
    [{ status: 499 }, 'other'],
    [{ status: 200, faultCode: -32500 }, 'overloaded'],
    [{ status: 200, faultCode: -32700 }, 'not_a_call'],
    [{}, 'cut'],
  ] as const) {
    it(`are counted by reason: ${JSON.stringify(end)} is ${reason}`, () => {
      const { requestEnded, refusals } = createStage(filtering({}));
      requestEnded({ ...END, ...end });
      requestEnded({ ...END, ...end, refusal: undefined });
      expect(refusals).to.deep.equal([reason]);
    });
  }
});

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
      const { log, requestEnded } = createStage(filtering({}), { isThrottled: true });
      requestEnded({ ...END, ...end });
      expect(log.lines).to.deep.equal([{ level: 'warn', event: 'request refused', fields }]);
    });
  }

  it('come at once, and then once a minute of each code with their number: 1, then 3', async () => {
    const { log, requestEnded, time } = createStage(filtering({}), { isThrottled: true });
    const told = () =>
      log.lines
        .splice(0)
        .filter(({ level }) => level === 'warn')
        .map(({ fields: { status, times } }) => [status, times]);
    for (let times = 0; times < 4; times += 1) requestEnded({ ...END, status: 404 });
    requestEnded({ ...END, status: 405 });
    expect(told()).to.deep.equal([
      [404, undefined],
      [405, undefined],
    ]);
    await time.advance(60_000);
    expect(told()).to.deep.equal([[404, 3]]);
  });
});
