import type { AssumedPlacement, Call } from './contract.js';
import { changeOsHistogram, createOsHistogramBuilder, type OsHistogram } from './os-histogram.js';
import { OS_IDENTITIES, type OsByIdentity, type OsIdentity } from './os-identity.js';

/** A virtual machine as the engine knows it. */
export interface Vm {
  /** UUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** Cluster to which it belongs, a UUID in lower case: it can run on the hosts of that one only. Absent when the engine names none. */
  readonly clusterId: string | undefined;
  /** Host on which it runs; absent for a VM that does not run. */
  readonly hostId: string | undefined;
  /** The engine's word: `up`, `paused`, `migrating`, ...; absent for a VM whose image is illegal. */
  readonly status: string | undefined;
  /** What it is given, in MiB, rounded up; absent when the engine does not say. */
  readonly memoryMiB: number | undefined;
  /** Whether the engine may migrate it by itself; false too when the engine does not say. */
  readonly migratable: boolean;
  readonly os: OsByIdentity;
}

/** The memory of a host in MiB, rounded down. What is absent is unknown, and never free. */
export interface HostMemory {
  /** What is built in. */
  readonly totalMiB: number | undefined;
  /** What nothing uses, by the host's statistics: the engine knows it in steps of 1 % of the total. */
  readonly freeMiB: number | undefined;
  /** What a VM may have that comes to it (`max_scheduling_memory`). */
  readonly schedulableMiB: number | undefined;
}

/** What the engine's listing of hosts says of one host. */
export interface HostRecord {
  /** UUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** Cluster to which it belongs, a UUID in lower case; absent when the engine names none. */
  readonly clusterId: string | undefined;
  /** The engine's word: `up`, `maintenance`, `non_responsive`, ... */
  readonly status: string;
  readonly memory: HostMemory;
}

/** A host, with what runs on it. */
export interface Host extends HostRecord {
  /** Its place in the arrays of its snapshot that hold a number for each host. Not its place among `hosts`. */
  readonly index: number;
  /** VMs that run on it, whatever their status. */
  readonly vms: readonly Vm[];
}

/** The hosts of an engine and the VMs running on them, as read at one moment. Never changes. */
export interface Snapshot {
  /**
   * When the reading began: milliseconds since the epoch. Every change that the engine had published by then is in the
   * snapshot; of later ones, some may be.
   */
  readonly time: number;
  /** Every host, ordered by name, then id. */
  readonly hosts: readonly Host[];
  /** Returns the host of that id, or none. */
  readonly host: (id: string) => Host | undefined;
  /** Returns the hosts of a cluster, whatever their status, ordered by name, then id. */
  readonly hostsOfCluster: (clusterId: string) => readonly Host[];
  /** Returns the running VM of that id, or none: a stopped VM is not part of a snapshot. */
  readonly vm: (id: string) => Vm | undefined;
  /** How many VMs run on each host, by {@link Host.index}. */
  readonly vmCounts: Readonly<Int32Array>;
  /** Which operating systems they have, by {@link Host.index}, under each identity. */
  readonly os: Readonly<Record<OsIdentity, OsHistogram>>;
}

/** What the policy engine asks of an inventory. Each method rejects or throws with a SchedulingError. */
export interface Inventory {
  /** The newest snapshot, from memory. Throws UNAVAILABLE when there is none that is fresh enough. */
  readonly current: () => Snapshot;
  /**
   * Reads the engine again because a host is missing from the current snapshot, at most once a second for all callers
   * together, and waits for it within the call's time. Answers with the newest snapshot, and whether the engine was really
   * looked at: when it was not, a missing host may exist all the same.
   */
  readonly refreshed: (call: Call) => Promise<{ readonly snapshot: Snapshot; readonly looked: boolean }>;
  /** Asks the engine for a VM that the snapshot lacks, such as a stopped one; undefined when the engine has none. */
  readonly findVm: (id: string, call: Call) => Promise<Vm | undefined>;
}

/** Gathers a snapshot piece by piece, in any order, so that a long listing need not be held or counted at once. */
export interface SnapshotBuilder {
  /** Adds a host; one that was added before is ignored. */
  readonly addHost: (host: HostRecord) => void;
  /** Adds a VM; one that was added before is ignored, so that no VM counts twice. */
  readonly addVm: (vm: Vm) => void;
  /** VMs on a host that was never added stay findable, and count nowhere. */
  readonly build: (time: number) => Snapshot;
}

interface Tenants {
  readonly index: number;
  readonly vms: Vm[];
}

/** Starts a snapshot. */
export function createSnapshotBuilder(): SnapshotBuilder {
  const records = new Map<string, HostRecord>();
  const vms = new Map<string, Vm>();
  // Hosts get their index when they are first heard of, be it from a VM: listings of hosts and VMs are read side by side.
  const tenantsByHost = new Map<string, Tenants>();
  const histograms = eachIdentity(() => createOsHistogramBuilder());

  function tenantsOf(hostId: string): Tenants {
    let tenants = tenantsByHost.get(hostId);
    if (tenants === undefined) {
      tenants = { index: tenantsByHost.size, vms: [] };
      tenantsByHost.set(hostId, tenants);
    }
    return tenants;
  }

  return {
    addHost(record) {
      if (!records.has(record.id)) records.set(record.id, record);
    },
    addVm(vm) {
      if (vms.has(vm.id)) return;
      vms.set(vm.id, vm);
      if (vm.hostId === undefined) return;
      const tenants = tenantsOf(vm.hostId);
      tenants.vms.push(vm);
      for (const identity of OS_IDENTITIES) histograms[identity].add(vm.os[identity], tenants.index);
    },
    build(time) {
      const hosts = [...records.values()]
        .sort(byNameThenId)
        .map((record): Host => ({ ...record, ...tenantsOf(record.id) }));
      const hostsById = new Map(hosts.map((host) => [host.id, host]));
      let clusters: ReadonlyMap<string | undefined, readonly Host[]> | undefined;
      const places = tenantsByHost.size;
      const vmCounts = new Int32Array(places);
      for (const { index, vms } of tenantsByHost.values()) vmCounts[index] = vms.length;
      return {
        time,
        hosts,
        host: (id) => hostsById.get(id),
        hostsOfCluster: (clusterId) => (clusters ??= byCluster(hosts)).get(clusterId) ?? [],
        vm: (id) => vms.get(id),
        vmCounts,
        os: eachIdentity((identity) => histograms[identity].build(places)),
      };
    },
  };
}

/** Builds a snapshot at once. */
export function buildSnapshot(time: number, hosts: Iterable<HostRecord>, vms: Iterable<Vm>): Snapshot {
  const builder = createSnapshotBuilder();
  for (const host of hosts) builder.addHost(host);
  for (const vm of vms) builder.addVm(vm);
  return builder.build(time);
}

/** A placement whose VM is resolved; the VM may be stopped, and so missing from the snapshot. */
export interface ResolvedPlacement {
  readonly vm: Vm;
  readonly hostId: AssumedPlacement['hostId'];
}

/**
 * The snapshot as it would be once these VMs ran on these hosts: each counts there and nowhere else. Hosts that are not
 * touched are shared with the original. Each VM may stand here once; hosts that the snapshot lacks gain nothing. The memory
 * of hosts stays as it is.
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

function byNameThenId(a: HostRecord, b: HostRecord): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
