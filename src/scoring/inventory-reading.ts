import type { AssumedPlacement, Call, ScoreHostsRequest } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { assumePlacements, type Host, type Inventory, type Snapshot, type Vm } from '../domain/snapshot.js';

/** The hosts of a request as one snapshot knows them. */
export interface ResolvedHosts {
  readonly snapshot: Snapshot;
  /** Known hosts in the order asked, each once. */
  readonly hosts: readonly Host[];
  /** Ids that the snapshot lacks, in the order asked, each once. */
  readonly unknownHostIds: readonly string[];
}

/** The hosts to resolve: those of these ids, or those that are up in a cluster. */
export type WantedHosts = readonly string[] | { readonly clusterId: string };

/**
 * Finds the hosts; when one of them, or of those that placements name, is missing, the inventory is asked to look again,
 * once.
 */
export type HostResolver = (
  wanted: WantedHosts,
  call: Call,
  placements?: readonly AssumedPlacement[],
) => Promise<ResolvedHosts>;

/**
 * Makes a resolver over an inventory. It remembers what it found for a list of ids for as long as the list and the
 * snapshot live: a scheduler asks for the same hosts again and again, and a list that is the same array needs no look-ups.
 */
export function createHostResolver(inventory: Inventory): HostResolver {
  // By snapshot first: the lists live long, and must not keep the snapshots that they were once looked up in.
  const found = new WeakMap<Snapshot, WeakMap<readonly string[], ResolvedHosts>>();

  function find(snapshot: Snapshot, wanted: WantedHosts): ResolvedHosts {
    if ('clusterId' in wanted) return hostsThatAreUp(snapshot, wanted.clusterId);
    let lists = found.get(snapshot);
    if (lists === undefined) found.set(snapshot, (lists = new WeakMap<readonly string[], ResolvedHosts>()));
    let resolved = lists.get(wanted);
    if (resolved === undefined) lists.set(wanted, (resolved = hostsOf(snapshot, wanted)));
    return resolved;
  }

  return async (wanted, call, placements = []) => {
    const resolved = find(inventory.current(), wanted);
    const complete =
      resolved.unknownHostIds.length === 0 &&
      placements.every(({ hostId }) => resolved.snapshot.host(hostId) !== undefined);
    if (complete) return resolved;
    const { snapshot, looked } = await inventory.refreshed(call);
    const again = find(snapshot, wanted);
    const missing = placements.findIndex(({ hostId }) => snapshot.host(hostId) === undefined);
    if (missing >= 0 && !looked) {
      throw new SchedulingError(
        'UNAVAILABLE',
        `assumed_placements[${missing}].host_id: the host is not in the snapshot, and the engine can't be asked now; try later`,
      );
    }
    return again;
  };
}

/**
 * Returns the hosts that a request wants: those that it names, or those of its VM's cluster. Rejects with NOT_FOUND when the
 * engine has no such VM, and with INVALID_ARGUMENT when the VM has no cluster.
 */
export async function wantedHosts(
  inventory: Inventory,
  { hosts, vmId }: Pick<ScoreHostsRequest, 'hosts' | 'vmId'>,
  call: Call,
): Promise<WantedHosts> {
  if (hosts !== 'ALL_UP') return hosts;
  const { clusterId } = await resolveVm(inventory, inventory.current(), vmId, call);
  if (clusterId !== undefined) return { clusterId };
  throw new SchedulingError(
    'INVALID_ARGUMENT',
    `vm_id: VM ${vmId} has no cluster in the engine, so there are no hosts of its cluster; name hosts in host_ids instead`,
  );
}

/** Finds a VM, running or stopped. Rejects with NOT_FOUND when the engine has none of that id. */
export async function resolveVm(
  inventory: Inventory,
  snapshot: Snapshot,
  id: string,
  call: Call,
): Promise<Vm> {
  const vm = snapshot.vm(id) ?? (await inventory.findVm(id, call));
  if (vm === undefined)
    throw new SchedulingError('NOT_FOUND', `vm_id: the engine has no VM ${id}`, { notFound: 'VM' });
  return vm;
}

/**
 * The snapshot with the placements assumed. Rejects with INVALID_ARGUMENT when the VM or the host of one is unknown even
 * after a look at the engine.
 */
export async function assumeAll(
  inventory: Inventory,
  snapshot: Snapshot,
  placements: readonly AssumedPlacement[],
  call: Call,
): Promise<Snapshot> {
  if (placements.length === 0) return snapshot;
  const resolved = await Promise.all(
    placements.map(async ({ vmId, hostId }, index) => {
      if (snapshot.host(hostId) === undefined) {
        throw unknownInPlacement(`assumed_placements[${index}].host_id`, 'host', hostId);
      }
      const vm = snapshot.vm(vmId) ?? (await inventory.findVm(vmId, call));
      if (vm === undefined) throw unknownInPlacement(`assumed_placements[${index}].vm_id`, 'VM', vmId);
      return { vm, hostId };
    }),
  );
  return assumePlacements(snapshot, resolved);
}

function hostsThatAreUp(snapshot: Snapshot, clusterId: string): ResolvedHosts {
  const hosts = snapshot.hostsOfCluster(clusterId).filter(({ status }) => status === 'up');
  return { snapshot, hosts, unknownHostIds: [] };
}

function hostsOf(snapshot: Snapshot, ids: readonly string[]): ResolvedHosts {
  const hosts: Host[] = [];
  const unknown = new Set<string>();
  const seen = new Uint8Array(snapshot.vmCounts.length);
  for (const id of ids) {
    const host = snapshot.host(id);
    if (host === undefined) unknown.add(id);
    else if (seen[host.index] === 0) {
      seen[host.index] = 1;
      hosts.push(host);
    }
  }
  return { snapshot, hosts, unknownHostIds: [...unknown] };
}

function unknownInPlacement(field: string, what: string, id: string): SchedulingError {
  return new SchedulingError(
    'INVALID_ARGUMENT',
    `${field}: the engine has no ${what} ${id}; leave this placement out`,
  );
}
