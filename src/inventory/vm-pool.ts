import { identifyOs, type GuestOs, type Os, type OsByIdentity } from '../domain/os-identity.js';
import type { Vm } from '../domain/snapshot.js';
import type { EngineVm } from './engine-vm.js';

/** Makes VMs that share what is equal: 100,000 VMs run on few hosts and under few operating systems. */
export interface VmPool {
  /** Makes a VM; answers `before` itself when nothing about it changed, so that snapshots share it. */
  readonly vm: (record: EngineVm, guest: GuestOs | undefined, before: Vm | undefined) => Vm;
}

/** How many different operating systems, how many ids of hosts and clusters, and how many statuses are shared. */
export const MAX_POOLED = 10_000;

/** Starts a pool. Beyond `max` of a kind it begins anew with that kind: sharing only saves memory. */
export function createVmPool(max: number): VmPool {
  const oses = createShare<OsByIdentity>(max);
  const ids = createShare<string>(max);
  const statuses = createShare<string>(max);

  const osOf = (configured: Os, guest: GuestOs | undefined) =>
    oses(
      JSON.stringify([
        configured.type,
        configured.version,
        guest?.distribution,
        guest?.version,
        guest !== undefined,
      ]),
      () => identifyOs(configured, guest),
    );

  return {
    vm(
      {
        id,
        name,
        clusterId: listedClusterId,
        hostId: listedHostId,
        status: listedStatus,
        memoryMiB,
        migratable,
        os: configured,
      },
      guest,
      before,
    ) {
      const os = osOf(configured, guest);
      const clusterId =
        listedClusterId === undefined ? undefined : ids(listedClusterId, () => listedClusterId);
      const hostId = listedHostId === undefined ? undefined : ids(listedHostId, () => listedHostId);
      const status = listedStatus === undefined ? undefined : statuses(listedStatus, () => listedStatus);
      const same =
        before?.id === id &&
        before.name === name &&
        before.clusterId === clusterId &&
        before.hostId === hostId &&
        before.status === status &&
        before.memoryMiB === memoryMiB &&
        before.migratable === migratable &&
        before.os === os;
      return same ? before : { id, name, clusterId, hostId, status, memoryMiB, migratable, os };
    },
  };
}

function createShare<Value>(max: number): (key: string, make: () => Value) => Value {
  const shared = new Map<string, Value>();
  return (key, make) => {
    const known = shared.get(key);
    if (known !== undefined) return known;
    if (shared.size >= max) shared.clear();
    const made = make();
    shared.set(key, made);
    return made;
  };
}
