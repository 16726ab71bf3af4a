import type { AssumedPlacement } from './contract.js';
import { OS_IDENTITIES } from './os-identity.js';
import { editSnapshot, type HostRecord, type Snapshot, type SnapshotStamp, type Vm } from './snapshot.js';

/** Objects that came or changed, and the ids of those that left. An object is in one of both. */
export interface Changes<Changed> {
  readonly changed: readonly Changed[];
  readonly removed: readonly string[];
}

/** Differences between a snapshot and a later one, with the stamp of the later one. */
export interface SnapshotDelta extends SnapshotStamp {
  readonly hosts: Changes<HostRecord>;
  /** Running VMs; one that stopped is removed. */
  readonly vms: Changes<Vm>;
}

/**
 * Returns the snapshot with these changes. It shares with the original what did not change, and the index of each host.
 * What leaves and is unknown is ignored.
 */
export function applyDelta(snapshot: Snapshot, delta: SnapshotDelta): Snapshot {
  const { hosts, vms } = delta;
  if ([hosts, vms].every(({ changed, removed }) => changed.length + removed.length === 0)) {
    const { time, eventId, memoryTime } = delta;
    return { ...snapshot, time, eventId, memoryTime };
  }
  const editor = editSnapshot(snapshot);
  hosts.removed.forEach(editor.removeHost);
  hosts.changed.forEach(editor.setHost);
  vms.removed.forEach(editor.removeVm);
  vms.changed.forEach(editor.setVm);
  return editor.build(delta);
}

/** Returns what differs from a snapshot to a later one; equal objects do not. */
export function diffSnapshots(before: Snapshot, after: Snapshot): SnapshotDelta {
  const isChangedHost = (host: HostRecord) => !isSameHost(host, before.host(host.id));
  const vms = { changed: [] as Vm[], removed: [] as string[] };
  after.parts.vms.forEach((bucket, number) => {
    const earlier = before.parts.vms[number];
    if (bucket === earlier) return;
    for (const vm of bucket?.values() ?? []) if (!isSameVm(vm, earlier?.get(vm.id))) vms.changed.push(vm);
    for (const id of earlier?.keys() ?? []) if (bucket?.has(id) !== true) vms.removed.push(id);
  });
  return {
    ...stampOf(after),
    hosts: {
      changed: after.hosts.filter(isChangedHost).map(recordOf),
      removed: before.hosts.filter(({ id }) => after.host(id) === undefined).map(({ id }) => id),
    },
    vms,
  };
}

/** Returns how new a snapshot or a delta is, without the rest of it. */
export const stampOf = ({ time, eventId, memoryTime }: SnapshotStamp): SnapshotStamp => ({
  time,
  eventId,
  memoryTime,
});

/** Returns a host without its VMs. */
export const recordOf = ({ id, name, clusterId, status, memory }: HostRecord): HostRecord => ({
  id,
  name,
  clusterId,
  status,
  memory,
});

/** Reports whether two readings of a host are equal. */
export function isSameHost(left: HostRecord, right: HostRecord | undefined): boolean {
  return (
    left.name === right?.name &&
    left.clusterId === right.clusterId &&
    left.status === right.status &&
    left.memory.totalMiB === right.memory.totalMiB &&
    left.memory.freeMiB === right.memory.freeMiB &&
    left.memory.schedulableMiB === right.memory.schedulableMiB
  );
}

/** Reports whether two readings of a VM are equal. */
export function isSameVm(left: Vm, right: Vm | undefined): boolean {
  if (left === right) return true;
  return (
    left.name === right?.name &&
    left.clusterId === right.clusterId &&
    left.hostId === right.hostId &&
    left.status === right.status &&
    left.memoryMiB === right.memoryMiB &&
    left.migratable === right.migratable &&
    (left.os === right.os ||
      OS_IDENTITIES.every(
        (identity) =>
          left.os[identity].type === right.os[identity].type &&
          left.os[identity].version === right.os[identity].version,
      ))
  );
}

/** A placement with its VM, which may be stopped and so missing from the snapshot. */
export interface ResolvedPlacement {
  readonly vm: Vm;
  readonly hostId: AssumedPlacement['hostId'];
}

/**
 * Returns the snapshot with these VMs on these hosts, each counted there and nowhere else. A VM on a host that the snapshot
 * lacks counts nowhere. The memory of hosts stays as it is.
 */
export function assumePlacements(snapshot: Snapshot, placements: readonly ResolvedPlacement[]): Snapshot {
  if (placements.length === 0) return snapshot;
  const changed = placements.map(({ vm, hostId }): Vm => ({ ...(snapshot.vm(vm.id) ?? vm), hostId }));
  return applyDelta(snapshot, {
    ...stampOf(snapshot),
    hosts: { changed: [], removed: [] },
    vms: { changed, removed: [] },
  });
}
