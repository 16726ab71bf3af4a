import { expect } from 'chai';
import type { SchedulingErrorCode } from '../src/errors.js';
import { observe } from '../src/observe.js';
import { fixtureService } from './contract/fixture.js';
import { describePolicyUnitService } from './contract/policy-unit-service.js';
import { call } from './support/call.js';
import { memoryLog } from './support/log.js';
import { expectRejection } from './support/rejection.js';
import { hostId, vmId } from './support/world.js';

function observed() {
  const log = memoryLog();
  const answered: string[] = [];
  const failed: string[] = [];
  let now = 0;
  const service = observe(fixtureService(), {
    log,
    clock: { now: () => (now += 2) },
    metrics: {
      callAnswered: (method, code: 'OK' | SchedulingErrorCode, seconds) =>
        answered.push(`${method} ${code} ${seconds}`),
      unitFailed: (unit, code) => failed.push(`${unit} ${code}`),
    },
  });
  return { service, log, answered, failed };
}

const request = {
  vmId: vmId(1),
  hosts: [hostId(1)],
  units: [{ name: 'throws', weight: 1 }],
  properties: new Map<string, string>(),
  assumedPlacements: [],
  explain: false,
};

describePolicyUnitService('observed policy service', () => ({ service: observed().service }));

describe('observe', () => {
  it('counts and logs a call, and each unit that failed, under the request id', async () => {
    const { service, log, answered, failed } = observed();
    await service.scoreHosts(request, call({ requestId: 'r-9' }));
    expect(answered).to.deep.equal(['scoreHosts OK 0.002']);
    expect(failed).to.deep.equal(['throws INTERNAL']);
    expect(log.lines.map(({ level, event, fields }) => [level, event, fields['requestId']])).to.deep.equal([
      ['warn', 'unit failed', 'r-9'],
      ['debug', 'call answered', 'r-9'],
    ]);
  });

  it('counts and logs a call that failed by its code, and lets the error through', async () => {
    const { service, log, answered } = observed();
    await expectRejection(service.scoreHosts({ ...request, vmId: vmId(77) }, call()), 'NOT_FOUND');
    expect(answered).to.deep.equal(['scoreHosts NOT_FOUND 0.002']);
    expect(log.lines[0]).to.deep.include({ level: 'info', event: 'call failed' });
  });
});
