import type { AssumedPlacement, Call, ScoreHostsRequest } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { assumePlacements, type ResolvedPlacement } from '../domain/snapshot-delta.js';
import type { Host, Inventory, Snapshot, Vm } from '../domain/snapshot.js';

/** The hosts that a request wants, by id or all that are up in a cluster. */
export type WantedHosts = readonly string[] | { readonly clusterId: string };

/** The hosts of a request, found in one snapshot. */
export interface FoundHosts {
  /** The inventory, reservations and assumed placements included. */
  readonly snapshot: Snapshot;
  /** Known hosts in the order asked, each once. */
  readonly hosts: readonly Host[];
  /** Their ids; the array asked for if the snapshot has all of it. */
  readonly hostIds: readonly string[];
  /** Ids that the snapshot lacks, in the order asked, each once. */
  readonly unknownHostIds: readonly string[];
  /** Reservations, then the assumed placements of the request. */
  readonly placements: readonly ResolvedPlacement[];
  /** The inventory without either. */
  readonly observed: Snapshot;
}

/** A reader of an inventory that finds the hosts and VMs of requests. */
export interface InventoryReader {
  /**
   * Finds hosts, refreshing the inventory once if one of them or of the placements is missing. The reservation of the VM
   * that they are for is left out. Rejects with INVALID_ARGUMENT when the VM or the host of a placement is unknown even then.
   */
  readonly findHosts: (
    wanted: WantedHosts,
    call: Call,
    placements?: readonly AssumedPlacement[],
    forVmId?: string,
  ) => Promise<FoundHosts>;
  /**
   * Finds the VM and the hosts of a request. Rejects like {@link InventoryReader.findHosts}, with NOT_FOUND for an
   * unknown VM, and with INVALID_ARGUMENT when all hosts of its cluster are wanted and it has no cluster.
   */
  readonly findVmAndHosts: (
    request: Pick<ScoreHostsRequest, 'vmId' | 'hosts'> &
      Partial<Pick<ScoreHostsRequest, 'assumedPlacements'>>,
    call: Call,
  ) => Promise<FoundHosts & { readonly vm: Vm }>;
}

/** Indexes of the hosts of a list, in all snapshots that have the same hosts. */
interface KnownHosts {
  /** Index of each known host, in the order asked. */
  readonly indexes: readonly number[];
  readonly hostIds: readonly string[];
  readonly unknownHostIds: readonly string[];
}

/** Values by a list and something else, both of which may go. */
type ListMemory<Key extends object, Value> = WeakMap<Key, WeakMap<readonly string[], Value>>;

/**
 * Creates a reader of an inventory. A scheduler asks for the same hosts again and again: it remembers where the hosts of an
 * array of ids are, for as long as no host comes or leaves, and the hosts themselves for as long as the snapshot.
 */
export function createInventoryReader(inventory: Inventory): InventoryReader {
  // By hosts and snapshots first: the lists live long, and must not keep old ones alive.
  const known: ListMemory<Snapshot['hostOrder'], KnownHosts> = new WeakMap();
  const found: ListMemory<Snapshot, FoundHosts> = new WeakMap();

  function lookUp(snapshot: Snapshot, wanted: WantedHosts): FoundHosts {
    const fresh = { snapshot, placements: [], observed: snapshot };
    if ('clusterId' in wanted) {
      const hosts = snapshot.hostsOfCluster(wanted.clusterId).filter(({ status }) => status === 'up');
      return { ...fresh, hosts, hostIds: hosts.map(({ id }) => id), unknownHostIds: [] };
    }
    return remembered(found, snapshot, wanted, () => {
      const { hostOrder, hostAt } = snapshot;
      const { indexes, ...ids } = remembered(known, hostOrder, wanted, () => knownHosts(snapshot, wanted));
      return { ...fresh, ...ids, hosts: indexes.map(hostAt).filter((host) => host !== undefined) };
    });
  }

  /** Looks hosts up again, in a snapshot refreshed for those that are missing. */
  async function lookUpAgain(
    missing: readonly string[],
    wanted: WantedHosts,
    placements: readonly AssumedPlacement[],
    call: Call,
  ): Promise<FoundHosts> {
    const { snapshot, looked } = await inventory.refreshed(missing, call);
    const lost = placements.find(({ hostId }) => snapshot.host(hostId) === undefined);
    if (lost !== undefined && !looked) {
      throw new SchedulingError(
        'UNAVAILABLE',
        `assumed_placements[${placements.indexOf(lost)}].host_id: the host is not in the snapshot, and the engine can't be asked now; try later`,
      );
    }
    return lookUp(snapshot, wanted);
  }

  async function askForVm(id: string, call: Call): Promise<Vm> {
    const vm = await inventory.findVm(id, call);
    if (vm !== undefined) return vm;
    throw new SchedulingError('NOT_FOUND', `vm_id: the engine has no VM ${id}`, { notFound: 'VM' });
  }

  async function resolve(
    snapshot: Snapshot,
    { vmId, hostId }: AssumedPlacement,
    place: number,
    call: Call,
  ): Promise<ResolvedPlacement> {
    if (snapshot.host(hostId) === undefined) {
      throw unknownInPlacement(`assumed_placements[${place}].host_id`, 'host', hostId);
    }
    const vm = snapshot.vm(vmId) ?? (await inventory.findVm(vmId, call));
    if (vm === undefined) throw unknownInPlacement(`assumed_placements[${place}].vm_id`, 'VM', vmId);
    return { vm, hostId };
  }

  /** Counts reservations in. */
  function reserve(found: FoundHosts, wanted: WantedHosts, forVmId: string | undefined): FoundHosts {
    const { observed } = found;
    const { snapshot, placements } = inventory.withReservations(observed, forVmId);
    return snapshot === observed ? found : { ...lookUp(snapshot, wanted), observed, placements };
  }

  const findHosts: InventoryReader['findHosts'] = async (wanted, call, placements = [], forVmId) => {
    const known = lookUp(inventory.current(), wanted);
    const missing = missingFrom(known, placements);
    // Each function that may wait costs a call of few hosts a hundredth.
    const all = missing.length === 0 ? known : await lookUpAgain(missing, wanted, placements, call);
    const found = reserve(all, wanted, forVmId);
    if (placements.length === 0) return found;
    const { snapshot: reserved, hosts } = found;
    const resolved = await Promise.all(
      placements.map((placement, place) => resolve(reserved, placement, place, call)),
    );
    const snapshot = assumePlacements(reserved, resolved);
    const changed = hosts.map((host) => snapshot.host(host.id) ?? host);
    return { ...found, snapshot, hosts: changed, placements: [...found.placements, ...resolved] };
  };

  return {
    findHosts,
    async findVmAndHosts({ vmId, hosts, assumedPlacements }, call) {
      if (hosts !== 'ALL_UP') {
        const found = await findHosts(hosts, call, assumedPlacements, vmId);
        return { ...found, vm: found.snapshot.vm(vmId) ?? (await askForVm(vmId, call)) };
      }
      const vm = inventory.current().vm(vmId) ?? (await askForVm(vmId, call));
      const found = await findHosts(clusterOf(vm), call, assumedPlacements, vmId);
      return { ...found, vm: found.snapshot.vm(vmId) ?? vm };
    },
  };
}

/** Returns the hosts that a snapshot lacks: of a request, and of its placements. */
function missingFrom(
  { snapshot, unknownHostIds }: FoundHosts,
  placements: readonly AssumedPlacement[],
): readonly string[] {
  if (placements.length === 0) return unknownHostIds;
  const ofPlacements = placements.filter(({ hostId }) => snapshot.host(hostId) === undefined);
  return [...unknownHostIds, ...ofPlacements.map(({ hostId }) => hostId)];
}

function clusterOf({ id, clusterId }: Vm): { readonly clusterId: string } {
  if (clusterId !== undefined) return { clusterId };
  throw new SchedulingError(
    'INVALID_ARGUMENT',
    `vm_id: VM ${id} has no cluster in the engine, so there are no hosts of its cluster; name hosts in host_ids instead`,
  );
}

function remembered<Key extends object, Value>(
  memory: ListMemory<Key, Value>,
  key: Key,
  list: readonly string[],
  make: () => Value,
): Value {
  let values = memory.get(key);
  if (values === undefined) memory.set(key, (values = new WeakMap<readonly string[], Value>()));
  let value = values.get(list);
  if (value === undefined) values.set(list, (value = make()));
  return value;
}

function knownHosts(snapshot: Snapshot, asked: readonly string[]): KnownHosts {
  // A set of all ids takes longer than all the rest.
  const isKnown = new Uint8Array(snapshot.vmCounts.length);
  const hosts: Host[] = [];
  const unknown = new Set<string>();
  for (const id of asked) {
    const host = snapshot.host(id);
    if (host === undefined) unknown.add(id);
    else if (isKnown[host.index] !== 1) {
      isKnown[host.index] = 1;
      hosts.push(host);
    }
  }
  return {
    indexes: hosts.map(({ index }) => index),
    hostIds: hosts.length === asked.length ? asked : hosts.map(({ id }) => id),
    unknownHostIds: [...unknown],
  };
}

function unknownInPlacement(field: string, what: string, id: string): SchedulingError {
  return new SchedulingError(
    'INVALID_ARGUMENT',
    `${field}: the engine has no ${what} ${id}; leave this placement out`,
  );
}
