import { expect } from 'chai';
import type { SchedulingErrorCode } from '../../src/domain/errors.js';
import { policyHash } from '../../src/domain/policies.js';
import { createAnswerLog } from '../../src/process/answer-log.js';
import { observe } from '../../src/process/observe.js';
import { fixtureService } from '../contract/fixture.js';
import { describePolicyUnitService } from '../contract/policy-unit-service.js';
import { createFakeTime } from '../inventory/fake-time.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { expectRejection } from '../support/rejection.js';
import { hostId, vmId } from '../support/world.js';

const content = { filters: [], scores: [{ name: 'throws', weight: 1 }], properties: new Map() };
const hash = policyHash(content);

function observed() {
  const log = memoryLog(createFakeTime());
  const failed: string[] = [];
  const metrics = {
    unitFailed: (unit: string, code: SchedulingErrorCode) => void failed.push(`${unit} ${code}`),
  };
  return {
    service: observe(fixtureService(), { logAnswer: createAnswerLog(log), metrics, policies }),
    log,
    failed,
  };
}

const policies = new Map([['named', { name: 'named', ...content, hash: 'hash of named' }]]);

const request = {
  vmId: vmId(1),
  hosts: [hostId(1)],
  units: [{ name: 'throws', weight: 1 }],
  properties: new Map<string, string>(),
  assumedPlacements: [],
  explain: false,
};

describePolicyUnitService('observed policy service', () => ({ service: observed().service }));

describe('createAnswerLog', () => {
  it('remembers 1,000 units that fail, and tells when they recover', () => {
    const log = memoryLog();
    const logAnswer = createAnswerLog(log);
    const units = Array.from({ length: 1001 }, (_, n) => `unit-${n}`);
    const failure = { code: 'INTERNAL', message: 'broken' } as const;
    const answered = { ids: { requestId: 'r' }, method: 'scoreHosts', units, facts: () => ({}) };
    logAnswer({ ...answered, failed: units.map((unit) => ({ unit, failure })) });
    logAnswer({ ...answered, failed: [] });
    const recovered = log.lines.filter(({ event }) => event === 'unit recovered');
    expect(recovered.map(({ fields }) => fields['unit'])).to.deep.equal(units.slice(1));
  });
});

describe('observe', () => {
  it('counts each unit that failed, and logs it under the request id, those that nobody has as one', async () => {
    const { service, log, failed } = observed();
    const units = ['throws', 'score_140', ...Array.from({ length: 20 }, (_, n) => `made-up-${n}`)];
    await service.scoreHosts(
      { ...request, units: units.map((name) => ({ name, weight: 1 })) },
      call({ requestId: 'r-9' }),
    );
    expect(failed).to.have.length(22);
    expect(failed.slice(0, 3)).to.deep.equal([
      'throws INTERNAL',
      'score_140 INTERNAL',
      'made-up-0 NOT_FOUND',
    ]);
    const warned = log.lines.filter(({ level }) => level === 'warn');
    expect(warned.map(({ event, fields }) => [event, fields['unit'], fields['code']])).to.deep.equal([
      ['unit failed', 'throws', 'INTERNAL'],
      ['unit failed', 'score_140', 'INTERNAL'],
      ['unit failed', 'made-up-0', 'NOT_FOUND'],
    ]);
    expect(warned[0]?.fields).to.include({ requestId: 'r-9', method: 'scoreHosts', hosts: 1 });
  });

  it('logs an answer at level debug when no unit failed', async () => {
    const { service, log } = observed();
    await service.scoreHosts({ ...request, units: [], hosts: [] }, call());
    expect(log.lines.map(({ level, event }) => [level, event]).at(-1)).to.deep.equal(['warn', 'unit failed']);
    await service.listPolicyUnits(call());
    expect(log.lines.at(-1)).to.deep.include({ level: 'debug', event: 'call answered' });
  });

  it('logs the hash of what was asked, or that of the policy that was named', async () => {
    const { service, log } = observed();
    await service.scoreHosts(request, call());
    await service.scoreHosts({ ...request, policy: 'named' }, call());
    await service.filterHosts({ ...request, units: ['f'] }, call());
    expect(log.lines.map(({ fields: { policy, policyName } }) => [policy, policyName])).to.deep.equal([
      [hash, undefined],
      ['hash of named', 'named'],
      [policyHash({ filters: ['f'], scores: [], properties: new Map() }), undefined],
    ]);
  });

  it('lets a call fail', async () => {
    const { service, log } = observed();
    await expectRejection(service.scoreHosts({ ...request, vmId: vmId(77) }, call()), 'NOT_FOUND');
    expect(log.lines).to.deep.equal([]);
  });
});
