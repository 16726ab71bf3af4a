import { expect } from 'chai';
import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OS_IDENTITIES } from '../../src/domain/os-identity.js';
import {
  applyDelta,
  assumePlacements,
  diffSnapshots,
  type SnapshotDelta,
} from '../../src/domain/snapshot-delta.js';
import {
  buildSnapshot,
  type HostRecord,
  type Snapshot,
  type SnapshotStamp,
  type Vm,
} from '../../src/domain/snapshot.js';
import { clusterId, host, hostId, SNAPSHOT_TIME, snapshotOf, vm, vmId } from '../support/world.js';

const NOTHING = { changed: [], removed: [] };

/** A delta of these changes, one second after the snapshot of tests. */
const deltaOf = (changes: Partial<Pick<SnapshotDelta, 'hosts' | 'vms'>>): SnapshotDelta => ({
  time: SNAPSHOT_TIME + 1000,
  eventId: 7,
  memoryTime: SNAPSHOT_TIME,
  hosts: NOTHING,
  vms: NOTHING,
  ...changes,
});

const HOSTS = [1, 2, 3, 4, 5];
const VMS = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const OSES = [
  vm(1, 'rhel_8x64').os,
  vm(1, 'rhel_9x64').os,
  vm(1, 'rhel_8x64', { guest: { distribution: 'Rocky Linux', version: '8.10' } }).os,
  vm(1, undefined).os,
];

/** Everything that a reader of a snapshot can see, in an order of its own where there is none. */
function seen(snapshot: Snapshot) {
  const { hosts, time, eventId, memoryTime } = snapshot;
  const ids = (vms: Iterable<Vm>) => [...vms].map((one) => JSON.stringify(one)).sort();
  return {
    time,
    eventId,
    memoryTime,
    hosts: hosts.map((one) => {
      const { index, vms, ...record } = one;
      return {
        record,
        vms: ids(vms),
        count: snapshot.vmCounts[index],
        os: OS_IDENTITIES.map((identity) =>
          OSES.map((os) => {
            const { equal, sameType } = snapshot.os[identity].match(os[identity]);
            return [equal[index], sameType[index]];
          }),
        ),
        isFound: snapshot.host(one.id) === one && snapshot.hostAt(index) === one,
      };
    }),
    order: snapshot.hostOrder.map((index) => snapshot.hostAt(index)?.id),
    unlisted: HOSTS.filter((n) => snapshot.host(hostId(n)) === undefined),
    clusters: [1, 2, 3].map((n) => snapshot.hostsOfCluster(clusterId(n)).map(({ id }) => id)),
    vms: ids(snapshot.vms()),
    vm: VMS.map((n) => snapshot.vm(vmId(n))),
  };
}

/** A host of few names, clusters and amounts of memory, so that many are alike. */
const anyHost: fc.Arbitrary<HostRecord> = fc
  .record({
    n: fc.constantFrom(...HOSTS),
    name: fc.constantFrom('a', 'b', 'c'),
    clusterId: fc.constantFrom(clusterId(1), clusterId(2), undefined),
    status: fc.constantFrom('up', 'maintenance'),
    freeMiB: fc.constantFrom(1, 2, undefined),
  })
  .map(({ n, name, clusterId, status, freeMiB }) => ({
    ...host(n, status, { freeMiB }),
    name,
    clusterId,
  }));

const anyVm: fc.Arbitrary<Vm> = fc
  .record({
    n: fc.constantFrom(...VMS),
    on: fc.constantFrom(...HOSTS),
    os: fc.constantFrom(...OSES),
    status: fc.constantFrom('up', 'paused'),
  })
  .map(({ n, on, os, status }) => ({ ...vm(n, 'other', { on, status }), os }));

const anyDelta: fc.Arbitrary<SnapshotDelta> = fc
  .record({
    hosts: fc.uniqueArray(anyHost, { maxLength: 3, selector: ({ id }) => id }),
    goneHosts: fc.uniqueArray(fc.constantFrom(...HOSTS.map(hostId)), { maxLength: 2 }),
    vms: fc.uniqueArray(anyVm, { maxLength: 5, selector: ({ id }) => id }),
    goneVms: fc.uniqueArray(fc.constantFrom(...VMS.map(vmId)), { maxLength: 3 }),
    time: fc.nat(),
    memoryTime: fc.nat(),
    eventId: fc.option(fc.nat(), { nil: undefined }),
  })
  .map(({ hosts, goneHosts, vms, goneVms, ...stamp }) => ({
    ...stamp,
    hosts: { changed: hosts, removed: goneHosts.filter((id) => hosts.every((one) => one.id !== id)) },
    vms: { changed: vms, removed: goneVms.filter((id) => vms.every((one) => one.id !== id)) },
  }));

/** A change of the world, or a caller that assumes VMs on hosts: what comes later then comes over that. */
const anyStep = fc.oneof(
  { weight: 3, arbitrary: anyDelta.map((delta) => ({ delta })) },
  {
    weight: 1,
    arbitrary: fc
      .uniqueArray(anyVm, { maxLength: 3, selector: ({ id }) => id })
      .map((assumed) => ({ assumed })),
  },
);

/** The world as plain lists, which a full reading shows. */
function createWorld() {
  const hosts = new Map<string, HostRecord>();
  const vms = new Map<string, Vm>();
  return {
    change({ hosts: { changed, removed }, vms: changes }: Pick<SnapshotDelta, 'hosts' | 'vms'>) {
      removed.forEach((id) => hosts.delete(id));
      changed.forEach((one) => hosts.set(one.id, one));
      changes.removed.forEach((id) => vms.delete(id));
      changes.changed.forEach((one) => vms.set(one.id, one));
    },
    vm: (id: string) => vms.get(id),
    read: ({ time, eventId, memoryTime }: SnapshotStamp) =>
      applyDelta(buildSnapshot(time, hosts.values(), vms.values()), {
        ...deltaOf({}),
        time,
        eventId,
        memoryTime,
      }),
  };
}

describe('applyDelta', () => {
  it('equals, delta by delta and over assumed placements, a full reading of any world changed any way', () => {
    const check = fc.property(fc.array(anyStep, { maxLength: 12 }), (steps) => {
      const world = createWorld();
      const all: { readonly snapshot: Snapshot; readonly was: unknown }[] = [];
      let snapshot = world.read({ time: 0, eventId: undefined, memoryTime: 0 });
      for (const step of steps) {
        const before = snapshot;
        if ('delta' in step) {
          world.change(step.delta);
          snapshot = applyDelta(before, step.delta);
        } else {
          const placements = step.assumed.map((one) => ({ vm: one, hostId: one.hostId ?? '' }));
          const changed = placements.map((one) => ({
            ...(world.vm(one.vm.id) ?? one.vm),
            hostId: one.hostId,
          }));
          world.change({ hosts: NOTHING, vms: { changed, removed: [] } });
          snapshot = assumePlacements(before, placements);
        }
        const read = world.read(snapshot);
        expect(seen(snapshot)).to.deep.equal(seen(read));
        expect(seen(applyDelta(before, diffSnapshots(before, read)))).to.deep.equal(seen(read));
        expect(diffSnapshots(snapshot, read)).to.deep.include({ hosts: NOTHING, vms: NOTHING });
        all.push({ snapshot, was: seen(read) });
      }
      for (const { snapshot, was } of all) expect(seen(snapshot)).to.deep.equal(was);
    });
    fc.assert(check, { numRuns: 80 });
  });

  const original = snapshotOf(
    [host(1), host(2), host(3)],
    [vm(1, 'rhel_8x64', { on: 1 }), vm(2, 'debian_9', { on: 1 }), vm(3, 'rhel_8x64', { on: 2 })],
  );
  const count = (snapshot: Snapshot, n: number) => snapshot.vmCounts[snapshot.host(hostId(n))?.index ?? -1];

  it('takes time and event of the delta, and shares all the rest when nothing changed', () => {
    const later = applyDelta(original, deltaOf({}));
    expect(later).to.include({ time: SNAPSHOT_TIME + 1000, eventId: 7, memoryTime: SNAPSHOT_TIME });
    for (const field of ['hosts', 'hostOrder', 'vmCounts', 'os', 'parts'] as const) {
      expect(later[field], field).to.equal(original[field]);
    }
  });

  it('shares the hosts, the maps of VMs and the operating systems that nothing touches', () => {
    const moved = vm(1, 'rhel_8x64', { on: 3 });
    const later = applyDelta(original, deltaOf({ vms: { changed: [moved], removed: [] } }));
    expect(later.hostOrder).to.equal(original.hostOrder);
    expect(later.parts.indexes).to.equal(original.parts.indexes);
    expect(later.host(hostId(2))).to.equal(original.host(hostId(2)));
    const copied = later.parts.vms.filter((bucket, number) => bucket !== original.parts.vms[number]);
    expect(copied.map((bucket) => [...(bucket?.values() ?? [])])).to.deep.equal([[moved]]);
    expect(later.os.configured.types.get('debian_9')).to.equal(original.os.configured.types.get('debian_9'));
    expect(later.os.configured.types.get('rhel_8x64')).not.to.equal(
      original.os.configured.types.get('rhel_8x64'),
    );
  });

  it('lets the last of two deltas with the same VM count', () => {
    const moveTo = (n: number) => deltaOf({ vms: { changed: [vm(1, 'rhel_8x64', { on: n })], removed: [] } });
    const later = applyDelta(applyDelta(original, moveTo(2)), moveTo(3));
    expect([1, 2, 3].map((n) => count(later, n))).to.deep.equal([1, 1, 1]);
  });

  it('counts a VM that comes before its host as soon as the host comes', () => {
    const early = applyDelta(
      original,
      deltaOf({ vms: { changed: [vm(9, 'rhel', { on: 9 })], removed: [] } }),
    );
    expect(early.vm(vmId(9))?.hostId).to.equal(hostId(9));
    expect(early.hosts).to.have.length(3);
    const later = applyDelta(early, deltaOf({ hosts: { changed: [host(9)], removed: [] } }));
    expect(count(later, 9)).to.equal(1);
    expect(later.host(hostId(9))?.vms.map(({ id }) => id)).to.deep.equal([vmId(9)]);
  });

  it('keeps the VMs of a host that left findable, and counts them again when it comes back', () => {
    const gone = applyDelta(original, deltaOf({ hosts: { changed: [], removed: [hostId(1)] } }));
    expect(gone.host(hostId(1))).to.equal(undefined);
    expect(gone.vm(vmId(1))?.hostId).to.equal(hostId(1));
    const back = applyDelta(gone, deltaOf({ hosts: { changed: [host(1)], removed: [] } }));
    expect(count(back, 1)).to.equal(2);
  });

  it('keeps the index of each host, and leaves a hole for one that left', () => {
    const indexOf = (snapshot: Snapshot, n: number) => snapshot.host(hostId(n))?.index;
    const later = applyDelta(
      original,
      deltaOf({ hosts: { changed: [{ ...host(4), name: 'a' }], removed: [hostId(1)] } }),
    );
    expect([2, 3].map((n) => indexOf(later, n))).to.deep.equal([2, 3].map((n) => indexOf(original, n)));
    expect(later.hostAt(indexOf(original, 1) ?? -1)).to.equal(undefined);
    expect(indexOf(later, 4)).to.equal(3);
    expect(later.hosts.map(({ id }) => id)).to.deep.equal([4, 2, 3].map(hostId));
  });

  it('keeps the order of hosts, by which lists are remembered, unless a host comes, leaves or is renamed', () => {
    const orderAfter = (hosts: SnapshotDelta['hosts']) => applyDelta(original, deltaOf({ hosts })).hostOrder;
    expect(orderAfter({ changed: [host(1, 'maintenance')], removed: [] })).to.equal(original.hostOrder);
    expect(orderAfter({ changed: [], removed: [hostId(9)] })).to.equal(original.hostOrder);
    expect(orderAfter({ changed: [host(4)], removed: [] })).not.to.equal(original.hostOrder);
    expect(orderAfter({ changed: [{ ...host(1), name: 'z' }], removed: [] })).not.to.equal(
      original.hostOrder,
    );
    expect(orderAfter({ changed: [], removed: [hostId(1)] })).not.to.equal(original.hostOrder);
  });

  it('keeps no earlier snapshot alive', async () => {
    setFlagsFromString('--expose-gc');
    const earlier: WeakRef<object>[] = [];
    let snapshot = original;
    for (let n = 0; n < 10; n++) {
      const moved = vm(1, 'rhel_8x64', { on: 1 + (n % 3) });
      snapshot = applyDelta(snapshot, deltaOf({ vms: { changed: [moved], removed: [] } }));
      earlier.push(new WeakRef(snapshot), new WeakRef(snapshot.os.guest));
    }
    await setImmediate();
    runInNewContext('gc()');
    const alive = earlier.map((ref) => ref.deref()).filter((one) => one !== undefined);
    expect(alive).to.have.members([snapshot, snapshot.os.guest]);
  });
});
