import type { Call } from './contract.js';
import { createOsHistogramBuilder, type OsHistogram } from './os-histogram.js';
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

/** Times that tell how new a snapshot is, in milliseconds since the epoch. */
export interface SnapshotStamp {
  /**
   * Start of the reading. The snapshot has every change that the engine published up to then, and possibly later ones; with
   * an `eventId`, those that an event told of.
   */
  readonly time: number;
  /** Id of the newest event of the engine that it has; absent when the engine's events are not followed. */
  readonly eventId: number | undefined;
  /** Time since when the memory of every host was read, which no event tells of. */
  readonly memoryTime: number;
}

/** The hosts of an engine and the VMs running on them at one time. Immutable. */
export interface Snapshot extends SnapshotStamp {
  /** All hosts, ordered by name, then id. */
  readonly hosts: readonly Host[];
  /**
   * Index of each of `hosts`. The next snapshot has the same array if no host came, left or got another name, so that what
   * depends only on which hosts there are can be remembered by it.
   */
  readonly hostOrder: readonly number[];
  /** Returns a host by id. */
  readonly host: (id: string) => Host | undefined;
  /** Returns a host by {@link Host.index}. */
  readonly hostAt: (index: number) => Host | undefined;
  /** Returns the hosts of a cluster, in any status, ordered by name, then id. */
  readonly hostsOfCluster: (clusterId: string) => readonly Host[];
  /** Returns a running VM by id; a snapshot has no stopped VMs. */
  readonly vm: (id: string) => Vm | undefined;
  /** Returns all running VMs, also those on hosts that it lacks, in any order. */
  readonly vms: () => Iterable<Vm>;
  /** Number of VMs on each host, by {@link Host.index}. */
  readonly vmCounts: Readonly<Int32Array>;
  /** Operating systems of those VMs, under each identity. */
  readonly os: Readonly<Record<OsIdentity, OsHistogram>>;
  /** Parts that the next snapshot shares with it, for this folder. */
  readonly parts: SnapshotParts;
}

/** The parts of a snapshot that the next one shares if they stay as they are. */
export interface SnapshotParts {
  /** Index of each host by id, also of those that only VMs name. */
  readonly indexes: ReadonlyMap<string, number>;
  /** Hosts by index, and the VMs of those that only VMs name, or that left. */
  readonly places: readonly Place[];
  /** VMs by id, in {@link VM_BUCKETS} maps by a hash of the id, of which a change copies one. */
  readonly vms: readonly (ReadonlyMap<string, Vm> | undefined)[];
}

/** A host, or the VMs of one that is not listed. */
type Place = Host | { readonly id?: undefined; readonly vms: readonly Vm[] };

/** Number of maps that the VMs of a snapshot are spread over: of 100,000 VMs each has 25, and a change copies 32 KiB of pointers. */
export const VM_BUCKETS = 4096;

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
  /** Called for a unit that needs what no event tells of, so that it is read anew now and then while such units are in use. */
  readonly use: (data: UnannouncedData) => void;
  /**
   * Returns a snapshot of this inventory with what is reserved and predicted counted in, but for one VM: no VM counts its own.
   * It is made once for a snapshot and its reservations, not for each call.
   */
  readonly withReservations: (snapshot: Snapshot, exceptVmId?: string) => ReservedSnapshot;
}

/** A snapshot with reservations. */
export interface ReservedSnapshot {
  readonly snapshot: Snapshot;
  /** The reservations that it counts. */
  readonly placements: readonly { readonly vm: Vm; readonly hostId: string }[];
}

/** Data that changes in the engine without an event: the memory of hosts, and the reports of guest agents. */
export type UnannouncedData = (typeof UNANNOUNCED_DATA)[number];

/** The kinds of such data. */
export const UNANNOUNCED_DATA = ['hostMemory', 'guestReports'] as const;

/** Builder of a snapshot that takes hosts and VMs in any order, so that listings can be streamed. */
export interface SnapshotBuilder {
  /** Adds a host; ignores a duplicate. */
  readonly addHost: (host: HostRecord) => void;
  /** Adds a VM; ignores a duplicate. */
  readonly addVm: (vm: Vm) => void;
  /** Returns the snapshot. VMs on a host that was not added can be found, and count nowhere. */
  readonly build: (time: number) => Snapshot;
}

/** Editor of a snapshot, which stays as it is; the new one shares what did not change. */
export interface SnapshotEditor {
  readonly host: (id: string) => HostRecord | undefined;
  readonly vm: (id: string) => Vm | undefined;
  /** Adds a host, or changes it. */
  readonly setHost: (host: HostRecord) => void;
  /** Removes a host. Its VMs can be found, and count nowhere until they move or the host comes back. */
  readonly removeHost: (id: string) => void;
  /** Adds a running VM, or changes it. */
  readonly setVm: (vm: Vm) => void;
  readonly removeVm: (id: string) => void;
  readonly build: (stamp: SnapshotStamp) => Snapshot;
}

/** Creates an editor. The indexes of hosts stay; a removed one leaves a hole. */
export function editSnapshot(original: Snapshot): SnapshotEditor {
  let indexes = original.parts.indexes;
  let ownIndexes: Map<string, number> | undefined;
  const places = [...original.parts.places];
  const buckets = [...original.parts.vms];
  const ownBuckets = new Map<number, Map<string, Vm>>();
  /** VMs of the hosts where they change, by index. */
  const ownVms = new Map<number, Vm[]>();
  const histograms = eachIdentity((identity) => createOsHistogramBuilder(original.os[identity]));
  let isReordered = false;

  function indexOf(hostId: string): number {
    const known = indexes.get(hostId);
    if (known !== undefined) return known;
    ownIndexes ??= new Map(indexes);
    indexes = ownIndexes;
    ownIndexes.set(hostId, places.length);
    return places.push({ vms: [] }) - 1;
  }

  function host(id: string): Host | undefined {
    const place = places[indexes.get(id) ?? -1];
    return place?.id === undefined ? undefined : place;
  }

  function bucketFor(id: string): Map<string, Vm> {
    const number = bucketOf(id);
    let bucket = ownBuckets.get(number);
    if (bucket === undefined) {
      bucket = new Map(buckets[number]);
      ownBuckets.set(number, bucket);
      buckets[number] = bucket;
    }
    return bucket;
  }

  function vmsAt(index: number): Vm[] {
    let vms = ownVms.get(index);
    if (vms === undefined) ownVms.set(index, (vms = [...(places[index]?.vms ?? [])]));
    return vms;
  }

  function count(vm: Vm, index: number, step: 1 | -1): void {
    for (const identity of OS_IDENTITIES) histograms[identity].add(vm.os[identity], index, step);
  }

  function leave(vm: Vm): void {
    if (vm.hostId === undefined) return;
    const index = indexOf(vm.hostId);
    const vms = vmsAt(index);
    const at = vms.findIndex(({ id }) => id === vm.id);
    const last = vms.pop();
    if (last !== undefined && at < vms.length) vms[at] = last;
    count(vm, index, -1);
  }

  function enter(vm: Vm): void {
    if (vm.hostId === undefined) return;
    const index = indexOf(vm.hostId);
    vmsAt(index).push(vm);
    count(vm, index, 1);
  }

  const vm = (id: string) => buckets[bucketOf(id)]?.get(id);

  return {
    host,
    vm,
    setHost(record) {
      const index = indexOf(record.id);
      const before = places[index];
      isReordered ||= before?.id === undefined || before.name !== record.name;
      places[index] = { ...record, index, vms: before?.vms ?? [] };
    },
    removeHost(id) {
      const before = host(id);
      if (before === undefined) return;
      isReordered = true;
      places[before.index] = { vms: before.vms };
    },
    setVm(after) {
      const before = vm(after.id);
      if (before === after) return;
      if (before !== undefined) leave(before);
      bucketFor(after.id).set(after.id, after);
      enter(after);
    },
    removeVm(id) {
      const before = vm(id);
      if (before === undefined) return;
      leave(before);
      bucketFor(id).delete(id);
    },
    build({ time, eventId, memoryTime }) {
      const vmCounts = new Int32Array(places.length);
      vmCounts.set(original.vmCounts);
      for (const [index, vms] of ownVms) {
        places[index] = { ...places[index], vms };
        vmCounts[index] = vms.length;
      }
      return createSnapshot({
        time,
        eventId,
        memoryTime,
        hostOrder: isReordered ? orderOf(places) : original.hostOrder,
        vmCounts,
        os: eachIdentity((identity) => histograms[identity].build(places.length)),
        parts: { indexes, places, vms: buckets },
      });
    },
  };
}

/** Creates a snapshot, in a scope of its own: its functions must not keep the snapshot before it alive. */
function createSnapshot(
  given: SnapshotStamp & Pick<Snapshot, 'hostOrder' | 'vmCounts' | 'os' | 'parts'>,
): Snapshot {
  const { indexes, places, vms } = given.parts;
  const hostAt = (index: number): Host | undefined => {
    const place = places[index];
    return place?.id === undefined ? undefined : place;
  };
  const hosts = given.hostOrder.map(hostAt).filter((host) => host !== undefined);
  let clusters: ReadonlyMap<string | undefined, readonly Host[]> | undefined;
  return {
    ...given,
    hosts,
    host: (id) => hostAt(indexes.get(id) ?? -1),
    hostAt,
    hostsOfCluster: (clusterId) => (clusters ??= byCluster(hosts)).get(clusterId) ?? [],
    vm: (id) => vms[bucketOf(id)]?.get(id),
    vms: () => vmsIn(vms),
  };
}

const EMPTY = createSnapshot({
  time: 0,
  eventId: undefined,
  memoryTime: 0,
  hostOrder: [],
  vmCounts: new Int32Array(0),
  os: eachIdentity(() => createOsHistogramBuilder().build(0)),
  parts: { indexes: new Map(), places: [], vms: new Array<undefined>(VM_BUCKETS).fill(undefined) },
});

/** Creates an empty builder. */
export function createSnapshotBuilder(): SnapshotBuilder {
  const { host, vm, setHost, setVm, build } = editSnapshot(EMPTY);
  return {
    addHost(record) {
      if (host(record.id) === undefined) setHost(record);
    },
    addVm(added) {
      if (vm(added.id) === undefined) setVm(added);
    },
    build: (time) => build({ time, eventId: undefined, memoryTime: time }),
  };
}

/** Builds a snapshot of hosts and VMs. */
export function buildSnapshot(time: number, hosts: Iterable<HostRecord>, vms: Iterable<Vm>): Snapshot {
  const builder = createSnapshotBuilder();
  for (const host of hosts) builder.addHost(host);
  for (const vm of vms) builder.addVm(vm);
  return builder.build(time);
}

function eachIdentity<Value>(make: (identity: OsIdentity) => Value): Record<OsIdentity, Value> {
  return { configured: make('configured'), family: make('family'), guest: make('guest') };
}

function orderOf(places: readonly Place[]): readonly number[] {
  return places
    .filter((place) => place.id !== undefined)
    .sort(byNameThenId)
    .map(({ index }) => index);
}

/** Returns the map of a VM, by a hash of its id. */
function bucketOf(id: string): number {
  let hash = 0;
  for (let at = 0; at < id.length; at++) hash = (Math.imul(hash, 31) + id.charCodeAt(at)) | 0;
  return hash & (VM_BUCKETS - 1);
}

function* vmsIn(buckets: SnapshotParts['vms']): Generator<Vm, void, undefined> {
  for (const bucket of buckets) if (bucket !== undefined) yield* bucket.values();
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
