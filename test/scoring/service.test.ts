import { expect } from 'chai';
import { INTERNAL_ERROR_TEXT } from '../../src/domain/errors.js';
import { createPolicyService } from '../../src/scoring/service.js';
import type { BalanceUnit, ScoreUnit } from '../../src/scoring/unit.js';
import { units as allUnits } from '../../src/scoring/units/index.js';
import { ksmSameOsScore } from '../../src/scoring/units/ksm-same-os-score.js';
import { fixtureService } from '../contract/fixture.js';
import { describePolicyUnitService } from '../contract/policy-unit-service.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { expectRejection } from '../support/rejection.js';
import {
  clusterId,
  host,
  hostId,
  inventoryOf,
  SNAPSHOT_TIME,
  snapshotOf,
  vm,
  vmId,
} from '../support/world.js';

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

  describe('asked for all hosts', () => {
    const elsewhere = { clusterId: clusterId(2) };
    const hosts = [
      host(1),
      host(2, 'maintenance'),
      host(3),
      { ...host(4), ...elsewhere },
      { ...host(5), clusterId: undefined },
    ];
    const vms = [
      vm(1, 'rhel_8x64', { on: 1 }),
      vm(2, 'rhel_8x64', { on: 4, ...elsewhere }),
      vm(3, 'rhel_8x64', { on: 5, clusterId: undefined }),
    ];
    const stopped = [vm(4, 'rhel_8x64', elsewhere)];
    const inventory = inventoryOf(snapshotOf(hosts, vms), { stopped });
    const service = createPolicyService({ units, inventory, log: memoryLog() });
    const scored = async (n: number) => {
      const { scores } = await service.scoreHosts({ ...request, vmId: vmId(n), hosts: 'ALL_UP' }, call());
      return scores.map(({ hostId }) => hostId);
    };

    it('scores those that are up in the cluster of the VM', async () => {
      expect(await scored(1)).to.deep.equal([hostId(1), hostId(3)]);
      expect(await scored(2)).to.deep.equal([hostId(4)]);
    });

    it('knows the cluster of a stopped VM from the engine', async () => {
      expect(await scored(4)).to.deep.equal([hostId(4)]);
    });

    it('filters those, too', async () => {
      const { hostIds } = await service.filterHosts(
        { vmId: vmId(1), hosts: 'ALL_UP', units: [], properties: new Map() },
        call(),
      );
      expect(hostIds).to.deep.equal([hostId(1), hostId(3)]);
    });

    it('says of a VM without a cluster that hosts have to be named', async () => {
      await expectRejection(
        scored(3),
        'INVALID_ARGUMENT',
        `vm_id: VM ${vmId(3)} has no cluster in the engine`,
      );
      await expectRejection(scored(3), 'INVALID_ARGUMENT', 'name hosts in host_ids');
    });

    it('scores hosts that are named, whatever their cluster and status', async () => {
      const named = [5, 4, 2].map(hostId);
      const { scores } = await service.scoreHosts({ ...request, vmId: vmId(3), hosts: named }, call());
      expect(scores.map(({ hostId }) => hostId)).to.deep.equal(named);
    });

    it('knows no host of a VM that the engine does not have', async () => {
      await expectRejection(scored(9), 'NOT_FOUND', vmId(9));
    });
  });

  it('gives a fixed text for the reason of a unit that can not say why, and keeps its score', async () => {
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
    const log = memoryLog();
    const service = createPolicyService({ units: [mute], inventory, log });
    const explained = { ...request, units: [], explain: true };
    const { scores, unitResults, explanation } = await service.scoreHosts(explained, call());
    expect(scores.map(({ score }) => score)).to.deep.equal([7]);
    expect(unitResults.map(({ value }) => value)).to.deep.equal([[7]]);
    expect(log.lines).to.deep.equal([]);
    expect(explanation?.reasons(0)).to.deep.equal([{ unit: 'mute', text: INTERNAL_ERROR_TEXT }]);
    expect(log.lines[0]?.fields).to.include({ unit: 'mute' });
    expect(log.lines[0]?.fields['stack']).to.include('no words');
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
    {
      title: 'a good host and one that was not asked for',
      vmId: vmId(1),
      candidateHostIds: [2, 3].map(hostId),
    },
    { title: 'a VM that is paused', vmId: vmId(2), candidateHostIds: [hostId(2)] },
    { title: 'a VM without a status', vmId: vmId(3), candidateHostIds: [hostId(2)] },
    { title: 'a VM that may not migrate', vmId: vmId(4), candidateHostIds: [hostId(2)] },
    { title: 'a VM of unknown memory', vmId: vmId(5), candidateHostIds: [hostId(2)] },
    { title: 'a VM with a MiB more than the host can take', vmId: vmId(6), candidateHostIds: [hostId(2)] },
    { title: 'a host that is not up', vmId: vmId(1), candidateHostIds: [hostId(4)] },
    { title: 'a host of unknown room', vmId: vmId(1), candidateHostIds: [hostId(5)] },
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
      const service = createPolicyService({ units: [unit], inventory: balanced, log: memoryLog() });
      await expectRejection(service.balanceHosts(balance, call()), 'INTERNAL');
    });
  }

  const balanced = inventoryOf(
    snapshotOf(
      [
        host(1),
        host(2, 'up', { schedulableMiB: 1024 }),
        host(3),
        host(4, 'maintenance'),
        host(5, 'up', { schedulableMiB: undefined }),
      ],
      [
        vm(1, 'other', { on: 1 }),
        vm(2, 'other', { on: 1, status: 'paused' }),
        vm(3, 'other', { on: 1, status: undefined }),
        vm(4, 'other', { on: 1, migratable: false }),
        vm(5, 'other', { on: 1, memoryMiB: undefined }),
        vm(6, 'other', { on: 1, memoryMiB: 1025 }),
      ],
    ),
  );
  const balance = {
    unit: 'b',
    hostIds: [1, 2, 4, 5].map(hostId),
    properties: new Map<string, string>(),
  };

  describe('and what it proposed', () => {
    const stubborn: BalanceUnit = {
      type: 'BALANCE',
      name: 'b',
      description: '',
      properties: [],
      propose: () => ({ vmId: vmId(1), candidateHostIds: [hostId(2)] }),
    };
    let now = SNAPSHOT_TIME;
    const clock = { now: () => now };

    it('lets no unit propose a VM again before its time', async () => {
      const log = memoryLog();
      const service = createPolicyService({
        units: [stubborn],
        inventory: balanced,
        log,
        clock,
        balancing: { cooldown: 1000, settleTime: 0 },
      });
      const { migration } = await service.balanceHosts(balance, call());
      expect(migration).to.deep.equal({ vmId: vmId(1), candidateHostIds: [hostId(2)] });
      now += 999;
      await expectRejection(service.balanceHosts(balance, call()), 'INTERNAL');
      expect(log.lines.map(({ fields }) => String(fields['stack']))[0]).to.include(
        'was proposed a short time ago',
      );
      now += 1;
      expect((await service.balanceHosts(balance, call())).migration).to.deep.equal(migration);
    });

    it('tells units of it, whichever unit it was', async () => {
      const told: unknown[] = [];
      const curious: BalanceUnit = {
        ...stubborn,
        name: 'curious',
        propose({ recent }) {
          told.push([recent.isCoolingDown(vmId(1)), recent.underWay.length]);
          return undefined;
        },
      };
      const service = createPolicyService({
        units: [stubborn, curious],
        inventory: balanced,
        log: memoryLog(),
        clock,
      });
      await service.balanceHosts({ ...balance, unit: 'curious' }, call());
      await service.balanceHosts(balance, call());
      await service.balanceHosts({ ...balance, unit: 'curious' }, call());
      expect(told).to.deep.equal([
        [false, 0],
        [true, 1],
      ]);
    });

    it('remembers nothing of a proposal that it did not pass on', async () => {
      const log = memoryLog();
      const wrong = { ...stubborn, propose: () => ({ vmId: vmId(2), candidateHostIds: [hostId(2)] }) };
      const service = createPolicyService({ units: [wrong], inventory: balanced, log, clock });
      await expectRejection(service.balanceHosts(balance, call()), 'INTERNAL');
      await expectRejection(service.balanceHosts(balance, call()), 'INTERNAL');
      expect(log.lines.map(({ fields }) => String(fields['stack']))[1]).to.include('is paused, not up');
    });

    it('proposes nothing from a snapshot that is too old: 60 s are enough, 60.001 s are not', async () => {
      let now = SNAPSHOT_TIME + 60_000;
      const service = createPolicyService({
        units: [stubborn],
        inventory: balanced,
        log: memoryLog(),
        clock: { now: () => now },
        maxBalancingAge: 60_000,
      });
      expect(await service.balanceHosts(balance, call())).to.have.property('migration');
      now += 1;
      await expectRejection(service.balanceHosts(balance, call()), 'UNAVAILABLE', 'is 60 s old');
    });

    it('proposes no more than it can remember', async () => {
      const service = createPolicyService({
        units: [stubborn],
        inventory: balanced,
        log: memoryLog(),
        clock,
        balancing: { maxProposals: 1 },
      });
      await service.balanceHosts(balance, call());
      await expectRejection(service.balanceHosts(balance, call()), 'RESOURCE_EXHAUSTED', 'maxProposals');
    });
  });

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
