import { expect } from 'chai';
import type { ScoreHostsRequest } from '../../src/domain/contract.js';
import { createWorld } from '../../src/simulator/world.js';
import { call } from '../support/call.js';
import { byHost, startScoring, type Scoring } from '../support/scoring.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';

/** The engine is read once, and then when there is a reason. */
const RESTING = ['--inventory-refresh-interval', '1h', '--inventory-max-staleness', '24h'];

const RESTLESS = ['--inventory-refresh-interval', '100ms'];

const [H1, H2, H3] = [hostId(1), hostId(2), hostId(3)] as const;

/** VM 1 runs on host 1, VM 2 on host 2; VMs 3 to 5 are stopped. */
function smallWorld() {
  return createWorld({
    hosts: [H1, H2, H3].map((id, index) => ({ id, name: `h${index + 1}` })),
    vms: [
      { id: vmId(1), hostId: H1 },
      { id: vmId(2), hostId: H2 },
      ...[3, 4, 5].map((n) => ({ id: vmId(n) })),
    ],
  });
}

describe('placements that are reserved', () => {
  let scoring: Scoring;
  afterEach(() => scoring.close());

  const EVEN = [{ name: 'even_vm_distribution', weight: 1 }];
  /** The number of VMs on each host, which even_vm_distribution gives as its raw cost. */
  const vmsOn = async (vm: string, request: Partial<ScoreHostsRequest> = {}) => {
    const { unitResults } = await scoring.score(vm, { units: EVEN, ...request });
    return unitResults[0]?.value;
  };
  const reserve = (vm: string, host: string, ttlMs = 60_000) =>
    scoring.client.reserve({ vmId: vm, hostId: host, ttlMs }, call());

  it('count in every later score, but not in that of the VM itself; assumed placements come on top', async () => {
    scoring = await startScoring(smallWorld(), { args: RESTING });
    await reserve(vmId(3), H3);
    await reserve(vmId(1), H3);
    expect(await vmsOn(vmId(5))).to.deep.equal([0, 1, 2]);
    expect(await vmsOn(vmId(3))).to.deep.equal([0, 1, 1]);
    expect(await vmsOn(vmId(1))).to.deep.equal([1, 1, 1]);
    const assumedPlacements = [
      { vmId: vmId(3), hostId: H1 },
      { vmId: vmId(4), hostId: H1 },
    ];
    expect(await vmsOn(vmId(5), { assumedPlacements })).to.deep.equal([2, 1, 1]);
    expect(await vmsOn(vmId(5), { hosts: [H3, H1] })).to.deep.equal([2, 0]);
    await scoring.client.release(vmId(3), call());
    expect(await vmsOn(vmId(5))).to.deep.equal([0, 1, 1]);
  });

  it('count by operating system: 1 of 2 -> 50', async () => {
    const world = smallWorld();
    world.addVm({ id: vmId(9), osType: 'windows_2022' });
    scoring = await startScoring(world, { args: RESTING });
    await reserve(vmId(9), H1);
    expect(byHost(await scoring.score(vmId(5)))).to.deep.equal({ [H1]: 50, [H2]: 100, [H3]: 0 });
  });

  it('count in filters: a host with one VM and room for two is full', async () => {
    scoring = await startScoring(smallWorld(), { args: RESTING });
    const properties = new Map([['maximum_vm_count', '2']]);
    const filter = async (vm: string) => {
      const request = { vmId: vm, hosts: [H1, H2, H3], units: ['max_vms'], properties };
      return (await scoring.client.filterHosts(request, call())).hostIds;
    };
    expect(await filter(vmId(5))).to.deep.equal([H1, H2, H3]);
    await reserve(vmId(3), H1);
    expect(await filter(vmId(5))).to.deep.equal([H2, H3]);
    expect(await filter(vmId(3)), 'the VM itself').to.deep.equal([H1, H2, H3]);
  });

  it('count in balancing: no VM that is reserved is moved, and none to a host that they fill', async () => {
    scoring = await startScoring(smallWorld(), { args: RESTING });
    const balance = async () => {
      const properties = new Map([['maximum_vm_count', '3']]);
      const request = { unit: 'vm_balance', hostIds: [H1, H2], properties };
      // A proposal would count in the next answer.
      return (await scoring.client.balanceHosts(request, call({ dryRun: true }))).migration;
    };
    expect(await balance()).to.equal(undefined);
    for (const n of [3, 4]) await reserve(vmId(n), H1);
    expect(await balance()).to.deep.equal({ vmId: vmId(1), candidateHostIds: [H2] });
    await reserve(vmId(5), H2);
    expect(await balance()).to.equal(undefined);
  });

  it('count in balancing beside assumed placements: of VMs 1 and 2 there, 2 is moved, since 1 is reserved', async () => {
    scoring = await startScoring(smallWorld(), { args: RESTING });
    await reserve(vmId(1), H2);
    const request = {
      ...{ unit: 'vm_balance', hostIds: [H1, H2], properties: new Map([['maximum_vm_count', '3']]) },
      assumedPlacements: [{ vmId: vmId(3), hostId: H2 }],
    };
    const { migration } = await scoring.client.balanceHosts(request, call({ dryRun: true }));
    expect(migration).to.deep.equal({ vmId: vmId(2), candidateHostIds: [H1] });
  });

  it('end when the engine shows the VM there', async () => {
    const world = smallWorld();
    scoring = await startScoring(world, { args: RESTLESS });
    await reserve(vmId(3), H3);
    await reserve(vmId(4), H3);
    world.startVm(vmId(3), H3);
    const left = await until(
      () => scoring.client.listReservations(call()),
      ({ length }) => length === 1,
    );
    expect(left.map(({ vmId, vmName, hostName }) => [vmId, vmName, hostName])).to.deep.equal([
      [vmId(4), 'vm-4', 'h3'],
    ]);
    expect(await vmsOn(vmId(5))).to.deep.equal([1, 1, 2]);
  });

  it('end when the engine tells that the VM is gone, and not when it is stopped: 1 of 2 is left', async () => {
    const world = smallWorld();
    scoring = await startScoring(world, { args: [...RESTING, '--inventory-event-interval', '20ms'] });
    await reserve(vmId(2), H3);
    await reserve(vmId(4), H3);
    world.stopVm(vmId(2));
    world.removeVm(vmId(4));
    const left = await until(
      () => scoring.client.listReservations(call()),
      ({ length }) => length < 2,
    );
    expect(left.map(({ vmId }) => vmId)).to.deep.equal([vmId(2)]);
  });
});
