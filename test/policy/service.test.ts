import { expect } from 'chai';
import { createPolicyService } from '../../src/policy/service.js';
import type { BalanceUnit, ScoreUnit } from '../../src/policy/unit.js';
import { units as allUnits } from '../../src/policy/units/index.js';
import { ksmSameOsScore } from '../../src/policy/units/ksm-same-os-score.js';
import { fixtureService } from '../contract/fixture.js';
import { describePolicyUnitService } from '../contract/policy-unit-service.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { expectRejection } from '../support/rejection.js';
import { host, hostId, inventoryOf, snapshotOf, vm, vmId } from '../support/world.js';

describePolicyUnitService('policy service', () => ({ service: fixtureService() }));

describe('policy service and its inventory', () => {
  const units = [ksmSameOsScore];
  const snapshot = snapshotOf([host(1)], [vm(1, 'rhel_8x64', { on: 1 })]);
  const request = {
    vmId: vmId(1),
    hosts: [hostId(1)],
    units: [],
    properties: new Map<string, string>(),
    assumedPlacements: [],
    explain: false,
  };

  it('asks the engine for nothing when the snapshot has the VM and all hosts', async () => {
    const inventory = inventoryOf(snapshot);
    await createPolicyService({ units, inventory, log: memoryLog() }).scoreHosts(request, call());
    expect(inventory.asked).to.deep.equal({ refreshes: 0, vms: [] });
  });

  it('refreshes once for a host that is missing, and scores it when it is there then', async () => {
    const afterRefresh = snapshotOf([host(1), host(2)], [vm(1, 'rhel_8x64', { on: 2 })]);
    const inventory = inventoryOf(snapshot, { afterRefresh });
    const service = createPolicyService({ units, inventory, log: memoryLog() });
    const { scores, unknownHostIds } = await service.scoreHosts(
      { ...request, hosts: [hostId(2), hostId(3)] },
      call(),
    );
    expect(scores).to.deep.equal([{ hostId: hostId(2), score: 100 }]);
    expect(unknownHostIds).to.deep.equal([hostId(3)]);
    expect(inventory.asked.refreshes).to.equal(1);
  });

  it('refreshes for a missing host of a placement', async () => {
    const afterRefresh = snapshotOf([host(1), host(2)], [vm(1, 'rhel_8x64', { on: 1 })]);
    const inventory = inventoryOf(snapshot, { afterRefresh });
    const service = createPolicyService({ units, inventory, log: memoryLog() });
    const assumedPlacements = [{ vmId: vmId(1), hostId: hostId(2) }];
    const { scores } = await service.scoreHosts({ ...request, assumedPlacements }, call());
    expect(scores).to.deep.equal([{ hostId: hostId(1), score: 0 }]);
  });

  it('can not tell of a placement whose host is missing while the engine can not be asked', async () => {
    const inventory = inventoryOf(snapshot, { looked: false });
    const service = createPolicyService({ units, inventory, log: memoryLog() });
    const assumedPlacements = [{ vmId: vmId(1), hostId: hostId(2) }];
    const answer = service.scoreHosts({ ...request, assumedPlacements }, call());
    await expectRejection(answer, 'UNAVAILABLE', 'assumed_placements[0].host_id');
  });

  it('makes a unit fail alone whose reasons fail', async () => {
    const mute: ScoreUnit = {
      ...ksmSameOsScore,
      name: 'mute',
      prepare: () => ({
        score: () => 7,
        explain: () => {
          throw new Error('no words');
        },
      }),
    };
    const inventory = inventoryOf(snapshot);
    const service = createPolicyService({ units: [ksmSameOsScore, mute], inventory, log: memoryLog() });
    const { scores, unitResults } = await service.scoreHosts({ ...request, explain: true }, call());
    expect(scores.map(({ score, reasons }) => [score, reasons?.length])).to.deep.equal([[100, 1]]);
    expect(unitResults.map(({ unit, failure }) => [unit, failure?.code])).to.deep.equal([
      ['ksm_same_os_score', undefined],
      ['mute', 'INTERNAL'],
    ]);
  });

  it('logs the stack of a unit that throws under the request id', async () => {
    const log = memoryLog();
    const units = [{ name: 'throws', weight: 1 }];
    await fixtureService(log).scoreHosts({ ...request, units }, call({ requestId: 'r-7' }));
    expect(log.lines).to.have.length(1);
    expect(log.lines[0]).to.deep.include({ level: 'error', event: 'unit failed' });
    expect(log.lines[0]?.fields).to.include({ requestId: 'r-7', unit: 'throws' });
    expect(log.lines[0]?.fields['stack']).to.match(/secret of the inside\n\s+at /);
  });

  const absurd: readonly { title: string; vmId: string; candidateHostIds: string[] }[] = [
    { title: 'a VM that runs on no host asked for', vmId: vmId(9), candidateHostIds: [hostId(2)] },
    { title: 'no host to go to', vmId: vmId(1), candidateHostIds: [] },
    { title: 'the host that it is on', vmId: vmId(1), candidateHostIds: [hostId(1)] },
    { title: 'a host that was not asked for', vmId: vmId(1), candidateHostIds: [hostId(3)] },
  ];
  for (const { title, ...migration } of absurd) {
    it(`never passes a migration on that names ${title}`, async () => {
      const unit: BalanceUnit = {
        type: 'BALANCE',
        name: 'b',
        description: '',
        properties: [],
        propose: () => migration,
      };
      const inventory = inventoryOf(snapshotOf([host(1), host(2), host(3)], [vm(1, 'other', { on: 1 })]));
      const service = createPolicyService({ units: [unit], inventory, log: memoryLog() });
      const balance = { unit: 'b', hostIds: [hostId(1), hostId(2)], properties: new Map<string, string>() };
      await expectRejection(service.balanceHosts(balance, call()), 'INTERNAL');
    });
  }

  it('refuses two units of one type and name when it is made', () => {
    expect(() =>
      createPolicyService({
        units: [...units, ...units],
        inventory: inventoryOf(snapshot),
        log: memoryLog(),
      }),
    ).to.throw('two SCORE units are named "ksm_same_os_score"');
  });

  it('offers only units and properties that the engine can store', () => {
    for (const { name, properties } of allUnits) {
      expect(name).to.match(/^.{1,128}$/);
      for (const { name, pattern, defaultValue } of properties) {
        expect(name).to.match(/^[a-zA-Z0-9_]+$/);
        expect(pattern).not.to.include(';');
        expect(defaultValue).to.match(new RegExp(`^(?:${pattern})$`));
      }
    }
  });
});
