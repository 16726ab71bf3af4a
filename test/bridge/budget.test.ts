import { expect } from 'chai';
import { getEventListeners } from 'node:events';
import { createBridge } from '../../src/bridge/bridge.js';
import { createMetrics } from '../../src/process/metrics.js';
import { settle } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';
import { unitList } from '../support/unit-list.js';
import { hostId, vmId } from '../support/world.js';
import { asRead, createStage, faultOf, filtering, filters, plain, pretend, reply } from './stage.js';

const H1 = hostId(1);
const hang = () => new Promise<never>(() => undefined);

describe('the budget of a call', () => {
  it('gives a service until 50 ms before its end, counted from the head of the request', async () => {
    const service = filtering({ a: [1] });
    const stage = createStage(service);
    const receivedAt = stage.time.clock.now();
    await stage.time.advance(300);
    const { signal } = new AbortController();
    await stage.dispatch('runFilters', [['a'], [H1], vmId(1), null], { signal, receivedAt });
    expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
    expect(service.asked[0]?.call.deadline).to.equal(receivedAt + 950);
    expect(stage.ends).to.deep.equal([{ method: 'runFilters', seconds: 0.3, outcome: 'ok' }]);
    expect(stage.time.pending()).to.deep.equal([]);
  });

  it('tells services that the engine waits under its lock, which it does not at discover', async () => {
    const service = pretend({
      listPolicyUnits: () => Promise.resolve(unitList([])),
      filterHosts: hang,
      scoreHosts: hang,
      balanceHosts: hang,
    });
    const stage = createStage(service);
    const calls = [
      stage.call('discover'),
      stage.call('runFilters', ['a'], [H1], vmId(1), null),
      stage.call('runCostFunctions', [['a', 1]], [H1], vmId(1), null),
      stage.call('runLoadBalancing', 'a', [H1], null),
    ];
    await stage.time.advance(1000);
    await Promise.allSettled(calls);
    const asked = service.asked.map(({ method, call }): [string, unknown] => [method, call.forEngine]);
    expect(asked).to.deep.equal([
      ['listPolicyUnits', false],
      ['filterHosts', true],
      ['scoreHosts', true],
      ['balanceHosts', true],
    ]);
  });

  it('asks nobody when it was used up before the call was read', async () => {
    const service = filtering({ a: [1] });
    const stage = createStage(service);
    const request = { signal: new AbortController().signal, receivedAt: stage.time.clock.now() - 1000 };
    const answer = await stage.dispatch('runFilters', [['a'], [H1], vmId(1), null], request);
    expect(plain(answer)).to.deep.equal(
      reply([H1], { a: 'DEADLINE_EXCEEDED: no answer within the budget of 1000 ms' }, ['all filters failed']),
    );
    expect(service.asked).to.deep.equal([]);
  });

  it('is no longer when the clock was set back', async () => {
    const stage = createStage(pretend({ filterHosts: hang }));
    const request = { signal: new AbortController().signal, receivedAt: stage.time.clock.now() + 60_000 };
    const answer = stage.dispatch('runFilters', [['a'], [H1], vmId(1), null], request);
    await stage.time.advance(1000);
    expect(plain(await answer))
      .to.have.property('errors')
      .that.deep.equals(['all filters failed']);
  });

  it('takes an answer of the last millisecond, and hears no late rejection', async () => {
    let late: ((error: Error) => void) | undefined;
    const filterHosts = () => new Promise<never>((_, reject) => (late = reject));
    const stage = createStage(pretend({ filterHosts }));
    const answer = filters(stage, ['a'], [H1]);
    await stage.time.advance(1000);
    await answer;
    late?.(new Error('too late'));
    await settle();
    expect(stage.log.lines.map(({ event }) => event)).to.deep.equal(['unit failed']);
  });

  it('tells the service when the engine went away, and ends at once', async () => {
    const service = pretend({ filterHosts: hang });
    const stage = createStage(service);
    const gone = new AbortController();
    const request = { signal: gone.signal, receivedAt: stage.time.clock.now() };
    const answer = stage.dispatch('runFilters', [['a'], [H1], vmId(1), null], request);
    await settle();
    gone.abort();
    expect(plain(await answer))
      .to.have.nested.property('plugin_errors.a')
      .that.deep.equals(['CANCELLED: the call was cancelled']);
    expect(service.asked[0]?.call.signal.aborted).to.equal(true);
    expect(stage.time.pending()).to.deep.equal([]);
    const again = await stage.dispatch('runFilters', [['a'], [H1], vmId(1), null], request);
    expect(plain(again)).to.have.nested.property('plugin_errors.a');
    expect(service.asked).to.have.length(1);
    expect(getEventListeners(gone.signal, 'abort')).to.deep.equal([]);
  });

  it('of discover is its own: 35 s, of which a service has all but 50 ms', async () => {
    const service = pretend({ listPolicyUnits: hang });
    const stage = createStage(service);
    const start = stage.time.clock.now();
    const answer = faultOf(stage.call('discover'));
    await stage.time.advance(34_999);
    expect(stage.ends).to.deep.equal([]);
    await stage.time.advance(1);
    expect(await answer).to.include({
      code: -32500,
      message:
        'discover: the units can not be listed: DEADLINE_EXCEEDED: no answer within the budget of 35000 ms',
    });
    expect(service.asked[0]?.call.deadline).to.equal(start + 34_950);
  });

  it('keeps at most a twentieth of it: 200 ms leave a service 190', async () => {
    const service = filtering({ a: [1] });
    const stage = createStage(service, { budget: 200 });
    await filters(stage, ['a'], [H1]);
    expect(service.asked[0]?.call.deadline).to.equal(stage.time.clock.now() + 190);
  });

  it('ends in real time too, by the clock and timer of Node', async () => {
    const { dispatch } = createBridge({
      settings: {
        rows: 'perUnit',
        scores: 'asCosts',
        predictions: true,
        selector: 'rank',
        budget: 20,
        maxHostIds: 10,
      },
      discoverBudgetMs: 20,
      service: pretend({ filterHosts: hang }),
      log: memoryLog(),
      metrics: createMetrics(() => false),
    });
    const request = { signal: new AbortController().signal, receivedAt: Date.now(), dryRun: false };
    const { value } = await dispatch('runFilters', [['a'], [H1], vmId(1), null], request);
    expect(plain(asRead(value))).to.deep.equal(
      reply([H1], { a: 'DEADLINE_EXCEEDED: no answer within the budget of 20 ms' }, ['all filters failed']),
    );
  });
});
