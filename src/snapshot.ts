import type { AssumedPlacement, Call } from './contract.js';
import { createOsHistogramBuilder, type OsHistogram, type OsHistogramBuilder } from './os-histogram.js';
import { OS_IDENTITIES, type OsByIdentity, type OsIdentity } from './os-identity.js';

/** A virtual machine as the engine knows it. */
export interface Vm {
  /** UUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** Host on which it runs; absent for a VM that does not run. */
  readonly hostId: string | undefined;
  readonly os: OsByIdentity;
}

/** What the engine's listing of hosts says of one host. */
export interface HostRecord {
  /** UUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** The engine's word: `up`, `maintenance`, `non_responsive`, ... */
  readonly status: string;
}

/** A host, with what runs on it. */
export interface Host extends HostRecord {
  /** VMs that run on it, whatever their status. */
  readonly vms: readonly Vm[];
  /** Their operating systems, counted under each identity. */
  readonly os: Readonly<Record<OsIdentity, OsHistogram>>;
}

/** The hosts of an engine and the VMs running on them, as read at one moment. Never changes. */
export interface Snapshot {
  /** When the reading began: milliseconds since the epoch. */
  readonly time: number;
  /** Every host, ordered by name, then id. */
  readonly hosts: readonly Host[];
  /** The host of that id, or none. */
  readonly host: (id: string) => Host | undefined;
  /** The running VM of that id, or none: a stopped VM is not part of a snapshot. */
  readonly vm: (id: string) => Vm | undefined;
}

/** What the policy engine asks of an inventory. Each method rejects or throws with a SchedulingError. */
export interface Inventory {
  /** The newest snapshot, from memory. Throws UNAVAILABLE when there is none that is fresh enough. */
  readonly current: () => Snapshot;
  /**
   * Reads the engine again because a host is missing from the current snapshot, at most once a second for all callers
   * together, and waits for it within the call's time. Answers with the newest snapshot, read again or not.
   */
  readonly refreshed: (call: Call) => Promise<Snapshot>;
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
  readonly vms: Vm[];
  readonly os: Readonly<Record<OsIdentity, OsHistogramBuilder>>;
}

/** Starts a snapshot. */
export function createSnapshotBuilder(): SnapshotBuilder {
  const records = new Map<string, HostRecord>();
  const vms = new Map<string, Vm>();
  const tenantsByHost = new Map<string, Tenants>();

  function tenantsOf(hostId: string): Tenants {
    let tenants = tenantsByHost.get(hostId);
    if (tenants === undefined) {
      tenants = { vms: [], os: eachIdentity(() => createOsHistogramBuilder()) };
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
      for (const identity of OS_IDENTITIES) tenants.os[identity].add(vm.os[identity]);
    },
    build(time) {
      const hosts = [...records.values()].sort(byNameThenId).map((record): Host => {
        const tenants = tenantsOf(record.id);
        return { ...record, vms: tenants.vms, os: eachIdentity((identity) => tenants.os[identity].build()) };
      });
      const hostsById = new Map(hosts.map((host) => [host.id, host]));
      return { time, hosts, host: (id) => hostsById.get(id), vm: (id) => vms.get(id) };
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
 * touched are shared with the original. Each VM may stand here once; hosts that the snapshot lacks gain nothing.
 */
export function assumePlacements(snapshot: Snapshot, placements: readonly ResolvedPlacement[]): Snapshot {
  if (placements.length === 0) return snapshot;
  const placed = new Map<string, Vm>();
  const changed = new Map<string, { leaves: Vm[]; arrives: Vm[] }>();
  const changeOf = (hostId: string) => {
    let change = changed.get(hostId);
    if (change === undefined) changed.set(hostId, (change = { leaves: [], arrives: [] }));
    return change;
  };
  for (const { vm, hostId } of placements) {
    const before = snapshot.vm(vm.id);
    const after: Vm = { ...(before ?? vm), hostId };
    if (before?.hostId !== undefined) changeOf(before.hostId).leaves.push(before);
    changeOf(hostId).arrives.push(after);
    placed.set(vm.id, after);
  }

  const replaced = new Map<string, Host>();
  for (const [hostId, { leaves, arrives }] of changed) {
    const host = snapshot.host(hostId);
    if (host === undefined) continue;
    const left = new Set(leaves);
    replaced.set(hostId, {
      ...host,
      vms: [...host.vms.filter((vm) => !left.has(vm)), ...arrives],
      os: eachIdentity((identity) => {
        const histogram = createOsHistogramBuilder(host.os[identity]);
        for (const vm of leaves) histogram.remove(vm.os[identity]);
        for (const vm of arrives) histogram.add(vm.os[identity]);
        return histogram.build();
      }),
    });
  }
  return {
    time: snapshot.time,
    hosts: snapshot.hosts.map((host) => replaced.get(host.id) ?? host),
    host: (id) => replaced.get(id) ?? snapshot.host(id),
    vm: (id) => placed.get(id) ?? snapshot.vm(id),
  };
}

function eachIdentity<Value>(make: (identity: OsIdentity) => Value): Record<OsIdentity, Value> {
  return { configured: make('configured'), family: make('family'), guest: make('guest') };
}

function byNameThenId(a: HostRecord, b: HostRecord): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
