import { expect } from 'chai';
import type { UnitFailure } from '../../src/domain/contract.js';
import { hostId, vmId } from '../support/world.js';
import { traced } from '../support/traced.js';
import { createStage, filtering, filters, type Stage } from './stage.js';

const H1 = hostId(1);
const down: UnitFailure = { code: 'UNAVAILABLE', message: 'down' };

describe('traced calls of the engine', () => {
  const cases: readonly [
    what: string,
    call: (stage: Stage) => Promise<unknown>,
    span: string,
    outcome: string | undefined,
    event: string,
  ][] = [
    ['answered', (stage) => filters(stage, ['a'], [H1]), 'runFilters', 'ok', 'call answered'],
    ['answered in part', (stage) => filters(stage, ['a', 'b'], [H1]), 'runFilters', 'partial', 'unit failed'],
    [
      'without any unit',
      (stage) => filters(stage, ['b'], [H1]),
      'runFilters failed',
      'failed',
      'unit failed',
    ],
    [
      'with wrong arguments',
      (stage) => stage.call('runFilters', 'none'),
      'runFilters fault -32602',
      undefined,
      'fault sent',
    ],
    ['of no method', (stage) => stage.call('madeUp'), '(unknown) fault -32601', undefined, 'fault sent'],
  ];
  for (const [what, call, span, outcome, event] of cases) {
    it(`are one span each: ${what}`, async () => {
      const { tracing, spans, told } = traced();
      const stage = createStage(filtering({ a: [1], b: down }), { tracing });
      await call(stage).catch(() => undefined);
      expect(told()).to.deep.equal([`server ${span}`]);
      const [ended] = spans();
      expect(ended?.attributes['hostscore.outcome']).to.equal(outcome);
      expect(ended?.attributes['hostscore.request_id']).to.equal('r-1');
      const line = stage.log.lines.find((line) => line.event === event);
      expect(line?.fields['traceId']).to.equal(ended?.spanContext().traceId);
    });
  }

  it('say which VM, how many hosts and which policy, without a name of a host', async () => {
    const { tracing, spans } = traced();
    await filters(createStage(filtering({ a: [1] }), { tracing }), ['a'], [H1]);
    const { 'hostscore.policy': policy, ...others } = spans()[0]?.attributes ?? {};
    expect(policy).to.match(/^[0-9a-f]{12}$/);
    expect(others).to.deep.equal({
      'rpc.system': 'xmlrpc',
      'rpc.method': 'runFilters',
      'hostscore.request_id': 'r-1',
      'hostscore.dry_run': false,
      'hostscore.vm': vmId(1),
      'hostscore.hosts': 1,
      'hostscore.accepted': 1,
      'hostscore.outcome': 'ok',
    });
  });
});
