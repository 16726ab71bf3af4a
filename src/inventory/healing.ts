import { applyDelta, type Changes, type SnapshotDelta } from '../domain/snapshot-delta.js';
import type { HostRecord, Snapshot, SnapshotStamp, Vm } from '../domain/snapshot.js';
import type { EngineEvent } from './engine-events.js';

/** Ids of hosts and of VMs. */
export type ObjectIds = Readonly<Record<EngineEvent['kind'], Set<string>>>;

/** Creates empty sets. */
export const noObjects = (): ObjectIds => ({ vm: new Set(), host: new Set() });

/** Adds objects to others. */
export function addObjects(to: ObjectIds, { vm, host }: ObjectIds): void {
  for (const id of vm) to.vm.add(id);
  for (const id of host) to.host.add(id);
}

/** Returns a full reading with these objects as another snapshot has them: they changed while it was under way. */
export function withChanges(
  read: Snapshot,
  stamp: SnapshotStamp,
  other: Snapshot,
  { host, vm }: ObjectIds,
): Snapshot {
  return applyDelta(read, { ...stamp, hosts: changesIn(host, other.host), vms: changesIn(vm, other.vm) });
}

function changesIn<Found>(ids: ReadonlySet<string>, find: (id: string) => Found | undefined): Changes<Found> {
  return {
    changed: [...ids].map(find).filter((one) => one !== undefined),
    removed: [...ids].filter((id) => find(id) === undefined),
  };
}

/** Returns the objects of which an event should have told: not those where only memory or a guest agent's report changed. */
export function missedByEvents(before: Snapshot, { hosts, vms }: SnapshotDelta): ObjectIds {
  return {
    host: idsOf(hosts, (host) => hasEvent(host, before.host(host.id))),
    vm: idsOf(vms, (vm) => hasEventOfVm(vm, before.vm(vm.id))),
  };
}

function idsOf<Changed extends { readonly id: string }>(
  { changed, removed }: Changes<Changed>,
  isOne: (one: Changed) => boolean,
): Set<string> {
  return new Set([...changed.filter(isOne).map(({ id }) => id), ...removed]);
}

function hasEvent(one: HostRecord | Vm, before: HostRecord | Vm | undefined): boolean {
  return one.name !== before?.name || one.clusterId !== before.clusterId || one.status !== before.status;
}

function hasEventOfVm(vm: Vm, before: Vm | undefined): boolean {
  return (
    before === undefined ||
    hasEvent(vm, before) ||
    vm.hostId !== before.hostId ||
    vm.memoryMiB !== before.memoryMiB ||
    vm.migratable !== before.migratable ||
    vm.os.configured.type !== before.os.configured.type
  );
}
