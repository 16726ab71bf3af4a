import type { AssumedPlacement, Call, HostSelection } from '../domain/contract.js';
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

/**
 * Finds the hosts; when one of them, or of those that placements name, is missing, the inventory is asked to look again,
 * once.
 */
export type HostResolver = (
  selection: HostSelection,
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

  function find(snapshot: Snapshot, selection: HostSelection): ResolvedHosts {
    if (selection === 'ALL_UP') return hostsThatAreUp(snapshot);
    let lists = found.get(snapshot);
    if (lists === undefined) found.set(snapshot, (lists = new WeakMap<readonly string[], ResolvedHosts>()));
    let resolved = lists.get(selection);
    if (resolved === undefined) lists.set(selection, (resolved = hostsOf(snapshot, selection)));
    return resolved;
  }

  return async (selection, call, placements = []) => {
    const resolved = find(inventory.current(), selection);
    const complete =
      resolved.unknownHostIds.length === 0 &&
      placements.every(({ hostId }) => resolved.snapshot.host(hostId) !== undefined);
    if (complete) return resolved;
    const { snapshot, looked } = await inventory.refreshed(call);
    const again = find(snapshot, selection);
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

function hostsThatAreUp(snapshot: Snapshot): ResolvedHosts {
  return { snapshot, hosts: snapshot.hosts.filter(({ status }) => status === 'up'), unknownHostIds: [] };
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
