import type { AssumedPlacement, Call } from './contract.js';
import { changeOsHistogram, createOsHistogramBuilder, type OsHistogram } from './os-histogram.js';
import { OS_IDENTITIES, type OsByIdentity, type OsIdentity } from './os-identity.js';

/** A virtual machine as the engine describes it. */
export interface Vm {
  /** UUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** Cluster on whose hosts it can run, a UUID in lower case; absent when the engine names none. */
  readonly clusterId: string | undefined;
  /** Host on which it runs; absent for a stopped VM. */
  readonly hostId: string | undefined;
  /** As the engine has it: `up`, `paused`, `migrating`, ...; absent for a VM whose image is illegal. */
  readonly status: string | undefined;
  /** Configured memory in MiB, rounded up; absent when unknown. */
  readonly memoryMiB: number | undefined;
  /** True when the engine may migrate it by itself; false when unknown. */
  readonly migratable: boolean;
  readonly os: OsByIdentity;
}

/** The memory of a host in MiB, rounded down. An absent value is unknown, and never counts as free. */
export interface HostMemory {
  /** Physical memory. */
  readonly totalMiB: number | undefined;
  /** Unused memory by the host's statistics, which the engine has in steps of 1 % of the total. */
  readonly freeMiB: number | undefined;
  /** Most memory of a VM that may be placed there (`max_scheduling_memory`). */
  readonly schedulableMiB: number | undefined;
}

/** One host of the engine's listing. */
export interface HostRecord {
  /** UUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** UUID in lower case; absent when the engine names none. */
  readonly clusterId: string | undefined;
  /** As the engine has it: `up`, `maintenance`, `non_responsive`, ... */
  readonly status: string;
  readonly memory: HostMemory;
}

/** A host with its VMs. */
export interface Host extends HostRecord {
  /** Index into the snapshot's arrays of numbers by host; not its index in `hosts`. */
  readonly index: number;
  /** VMs that run on it, in any status. */
  readonly vms: readonly Vm[];
}

/** The hosts of an engine and the VMs running on them at one time. Immutable. */
export interface Snapshot {
  /**
   * Start of the reading, in milliseconds since the epoch. The snapshot has every change that the engine published up to
   * then, and possibly later ones.
   */
  readonly time: number;
  /** All hosts, ordered by name, then id. */
  readonly hosts: readonly Host[];
  /** Returns a host by id. */
  readonly host: (id: string) => Host | undefined;
  /** Returns the hosts of a cluster, in any status, ordered by name, then id. */
  readonly hostsOfCluster: (clusterId: string) => readonly Host[];
  /** Returns a running VM by id; a snapshot has no stopped VMs. */
  readonly vm: (id: string) => Vm | undefined;
  /** Number of VMs on each host, by {@link Host.index}. */
  readonly vmCounts: Readonly<Int32Array>;
  /** Operating systems of those VMs, under each identity. */
  readonly os: Readonly<Record<OsIdentity, OsHistogram>>;
}

/** The inventory of the scoring engine. Methods throw or reject with a SchedulingError. */
export interface Inventory {
  /** Returns the newest snapshot from memory. Throws UNAVAILABLE when none is fresh enough. */
  readonly current: () => Snapshot;
  /**
   * Refreshes the snapshot because these hosts are missing from it, in the background, seldom for all callers together, and
   * not again for hosts that the engine did not have. Waits for a small share of the call's time. Resolves with the newest
   * snapshot. `looked` is false when the engine was not read, so that a missing host may still exist.
   */
  readonly refreshed: (
    hostIds: readonly string[],
    call: Call,
  ) => Promise<{ readonly snapshot: Snapshot; readonly looked: boolean }>;
  /** Asks the engine for a VM that the snapshot lacks, such as a stopped one. Resolves with undefined if there is none. */
  readonly findVm: (id: string, call: Call) => Promise<Vm | undefined>;
}

/** Builder of a snapshot that takes hosts and VMs in any order, so that listings can be streamed. */
export interface SnapshotBuilder {
  /** Adds a host; ignores a duplicate. */
  readonly addHost: (host: HostRecord) => void;
  /** Adds a VM; ignores a duplicate. */
  readonly addVm: (vm: Vm) => void;
  /** Returns the snapshot. VMs on a host that was not added can be found, and count nowhere. */
  readonly build: (time: number) => Snapshot;
}

interface HostVms {
  readonly index: number;
  readonly vms: Vm[];
}

/** Creates an empty builder. */
export function createSnapshotBuilder(): SnapshotBuilder {
  const records = new Map<string, HostRecord>();
  const vms = new Map<string, Vm>();
  // A host gets its index at its first mention, be it by a VM: hosts and VMs are listed concurrently.
  const vmsByHost = new Map<string, HostVms>();
  const histograms = eachIdentity(() => createOsHistogramBuilder());

  function vmsOn(hostId: string): HostVms {
    let host = vmsByHost.get(hostId);
    if (host === undefined) {
      host = { index: vmsByHost.size, vms: [] };
      vmsByHost.set(hostId, host);
    }
    return host;
  }

  return {
    addHost(record) {
      if (!records.has(record.id)) records.set(record.id, record);
    },
    addVm(vm) {
      if (vms.has(vm.id)) return;
      vms.set(vm.id, vm);
      if (vm.hostId === undefined) return;
      const host = vmsOn(vm.hostId);
      host.vms.push(vm);
      for (const identity of OS_IDENTITIES) histograms[identity].add(vm.os[identity], host.index);
    },
    build(time) {
      const hosts = [...records.values()]
        .sort(byNameThenId)
        .map((record): Host => ({ ...record, ...vmsOn(record.id) }));
      const hostsById = new Map(hosts.map((host) => [host.id, host]));
      let clusters: ReadonlyMap<string | undefined, readonly Host[]> | undefined;
      const size = vmsByHost.size;
      const vmCounts = new Int32Array(size);
      for (const { index, vms } of vmsByHost.values()) vmCounts[index] = vms.length;
      return {
        time,
        hosts,
        host: (id) => hostsById.get(id),
        hostsOfCluster: (clusterId) => (clusters ??= byCluster(hosts)).get(clusterId) ?? [],
        vm: (id) => vms.get(id),
        vmCounts,
        os: eachIdentity((identity) => histograms[identity].build(size)),
      };
    },
  };
}

/** Builds a snapshot of hosts and VMs. */
export function buildSnapshot(time: number, hosts: Iterable<HostRecord>, vms: Iterable<Vm>): Snapshot {
  const builder = createSnapshotBuilder();
  for (const host of hosts) builder.addHost(host);
  for (const vm of vms) builder.addVm(vm);
  return builder.build(time);
}

/** A placement with its VM, which may be stopped and so missing from the snapshot. */
export interface ResolvedPlacement {
  readonly vm: Vm;
  readonly hostId: AssumedPlacement['hostId'];
}

/**
 * Returns the snapshot with these VMs on these hosts, each counted there and nowhere else. No VM may be placed twice;
 * hosts that the snapshot lacks are ignored. The memory of hosts stays as it is.
 */
export function assumePlacements(snapshot: Snapshot, placements: readonly ResolvedPlacement[]): Snapshot {
  if (placements.length === 0) return snapshot;
  const placed = new Map<string, Vm>();
  const changed = new Map<string, Host>();
  const vmCounts = Int32Array.from(snapshot.vmCounts);
  const moves: { readonly vm: Vm; readonly hostIndex: number; readonly step: 1 | -1 }[] = [];

  const change = (hostId: string | undefined, vm: Vm, step: 1 | -1): void => {
    const host = hostId === undefined ? undefined : (changed.get(hostId) ?? snapshot.host(hostId));
    if (host === undefined) return;
    const vms = step === 1 ? [...host.vms, vm] : host.vms.filter(({ id }) => id !== vm.id);
    changed.set(host.id, { ...host, vms });
    vmCounts[host.index] = vms.length;
    moves.push({ vm, hostIndex: host.index, step });
  };

  for (const { vm, hostId } of placements) {
    const before = snapshot.vm(vm.id);
    const after: Vm = { ...(before ?? vm), hostId };
    if (before !== undefined) change(before.hostId, before, -1);
    change(hostId, after, 1);
    placed.set(vm.id, after);
  }

  return {
    time: snapshot.time,
    hosts: snapshot.hosts.map((host) => changed.get(host.id) ?? host),
    host: (id) => changed.get(id) ?? snapshot.host(id),
    hostsOfCluster: (clusterId) =>
      snapshot.hostsOfCluster(clusterId).map((host) => changed.get(host.id) ?? host),
    vm: (id) => placed.get(id) ?? snapshot.vm(id),
    vmCounts,
    os: eachIdentity((identity) =>
      changeOsHistogram(
        snapshot.os[identity],
        moves.map(({ vm, hostIndex, step }) => ({ hostIndex, os: vm.os[identity], step })),
      ),
    ),
  };
}

function eachIdentity<Value>(make: (identity: OsIdentity) => Value): Record<OsIdentity, Value> {
  return { configured: make('configured'), family: make('family'), guest: make('guest') };
}

function byCluster(hosts: readonly Host[]): ReadonlyMap<string | undefined, readonly Host[]> {
  const clusters = new Map<string | undefined, Host[]>();
  for (const host of hosts) {
    const members = clusters.get(host.clusterId);
    if (members === undefined) clusters.set(host.clusterId, [host]);
    else members.push(host);
  }
  return clusters;
}

/** Orders by name, then by id. */
export function byNameThenId(left: NamedId, right: NamedId): number {
  if (left.name !== right.name) return left.name < right.name ? -1 : 1;
  return left.id < right.id ? -1 : Number(left.id > right.id);
}

/** An object with a name and an id. */
interface NamedId {
  readonly id: string;
  readonly name: string;
}
