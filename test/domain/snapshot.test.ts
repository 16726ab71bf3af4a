import { expect } from 'chai';
import { OS_IDENTITIES } from '../../src/domain/os-identity.js';
import { buildSnapshot, type Snapshot } from '../../src/domain/snapshot.js';
import { assumePlacements } from '../../src/domain/snapshot-delta.js';
import { clusterId, host, hostId, SNAPSHOT_TIME, snapshotOf, vm, vmId } from '../support/world.js';

const counts = (snapshot: Snapshot, n: number) => snapshot.vmCounts[snapshot.host(hostId(n))?.index ?? -1];

describe('buildSnapshot', () => {
  it('orders hosts by name, then id', () => {
    const snapshot = snapshotOf(
      [
        { ...host(3), name: 'b' },
        { ...host(2), name: 'b' },
        { ...host(9), name: 'a' },
      ],
      [],
    );
    expect(snapshot.hosts.map(({ id }) => id)).to.deep.equal([hostId(9), hostId(2), hostId(3)]);
  });

  it('counts a VM that the engine lists twice once', () => {
    const snapshot = snapshotOf([host(1), host(2)], [vm(1, 'rhel', { on: 1 }), vm(1, 'rhel', { on: 2 })]);
    expect([counts(snapshot, 1), counts(snapshot, 2)]).to.deep.equal([1, 0]);
  });

  it('keeps a VM findable whose host is not listed', () => {
    const snapshot = snapshotOf([host(1)], [vm(1, 'rhel', { on: 7 })]);
    expect(snapshot.vm(vmId(1))?.hostId).to.equal(hostId(7));
    expect(counts(snapshot, 1)).to.equal(0);
  });

  it('finds the hosts of a cluster, whatever their status, in order', () => {
    const elsewhere = { clusterId: clusterId(2) };
    const snapshot = snapshotOf(
      [{ ...host(4), clusterId: undefined }, host(3, 'maintenance'), { ...host(2), ...elsewhere }, host(1)],
      [],
    );
    const found = [1, 2, 3].map((n) => snapshot.hostsOfCluster(clusterId(n)).map(({ id }) => id));
    expect(found).to.deep.equal([[hostId(1), hostId(3)], [hostId(2)], []]);
    expect(snapshot.hostsOfCluster(clusterId(1))[0]).to.equal(snapshot.host(hostId(1)));
  });

  it('takes VMs before hosts', () => {
    const snapshot = buildSnapshot(SNAPSHOT_TIME, [host(1)], [vm(1, 'rhel', { on: 1 })]);
    expect(snapshot.time).to.equal(SNAPSHOT_TIME);
    expect(snapshot.host(hostId(1))?.vms.map(({ id }) => id)).to.deep.equal([vmId(1)]);
  });
});

describe('assumePlacements', () => {
  const original = snapshotOf(
    [host(1), host(2), host(3)],
    [vm(1, 'rhel_8x64', { on: 1 }), vm(2, 'debian_9', { on: 1 }), vm(3, 'rhel_8x64', { on: 2 })],
  );

  it('moves a running VM: it counts there and nowhere else', () => {
    const assumed = assumePlacements(original, [{ vm: vm(1, 'rhel_8x64', { on: 1 }), hostId: hostId(3) }]);
    expect([1, 2, 3].map((n) => counts(assumed, n))).to.deep.equal([1, 1, 1]);
    expect(assumed.vm(vmId(1))?.hostId).to.equal(hostId(3));
    expect(assumed.host(hostId(1))?.vms.map(({ id }) => id)).to.deep.equal([vmId(2)]);
    expect(assumed.hosts[2]?.vms.map(({ id }) => id)).to.deep.equal([vmId(1)]);
    const index = assumed.host(hostId(3))?.index ?? -1;
    for (const identity of OS_IDENTITIES) {
      expect(assumed.os[identity].match(vm(1, 'rhel_8x64').os[identity]).equal[index]).to.equal(1);
      expect(original.os[identity].match(vm(1, 'rhel_8x64').os[identity]).equal[index]).to.equal(0);
    }
  });

  it('adds a stopped VM', () => {
    const assumed = assumePlacements(original, [{ vm: vm(9, 'rhel_8x64'), hostId: hostId(2) }]);
    expect(counts(assumed, 2)).to.equal(2);
    expect(assumed.vm(vmId(9))?.hostId).to.equal(hostId(2));
  });

  it('leaves a VM where it is already', () => {
    const assumed = assumePlacements(original, [{ vm: vm(1, 'rhel_8x64', { on: 1 }), hostId: hostId(1) }]);
    expect([1, 2, 3].map((n) => counts(assumed, n))).to.deep.equal([2, 1, 0]);
  });

  it('never changes the original, and shares the hosts that nothing touches', () => {
    const assumed = assumePlacements(original, [{ vm: vm(1, 'rhel_8x64', { on: 1 }), hostId: hostId(3) }]);
    expect([1, 2, 3].map((n) => counts(original, n))).to.deep.equal([2, 1, 0]);
    expect(original.vm(vmId(1))?.hostId).to.equal(hostId(1));
    expect(assumed.host(hostId(2))).to.equal(original.host(hostId(2)));
  });

  it('keeps clusters: a host of one has the VM there too', () => {
    const assumed = assumePlacements(original, [{ vm: vm(1, 'rhel_8x64', { on: 1 }), hostId: hostId(3) }]);
    expect(assumed.hostsOfCluster(clusterId(1))).to.deep.equal(assumed.hosts);
    expect(assumed.hostsOfCluster(clusterId(1))[2]?.vms.map(({ id }) => id)).to.deep.equal([vmId(1)]);
    expect(assumed.vm(vmId(1))?.clusterId).to.equal(clusterId(1));
  });

  it('is the original when there is nothing to assume', () => {
    expect(assumePlacements(original, [])).to.equal(original);
  });
});
