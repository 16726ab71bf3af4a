import { z } from 'zod';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import {
  listedReservation,
  listedVm,
  type InventoryService,
  type InventorySummary,
  type ListedHost,
  type ListHostsRequest,
  type ListVmsRequest,
} from '../domain/inventory.js';
import { byNameThenId, type Host, type Inventory, type Snapshot, type Vm } from '../domain/snapshot.js';
import { quoted } from '../lib/text.js';
import type { Clock } from '../lib/timers.js';
import type { Reservations } from './reservations.js';

/** Options of an inventory service. */
export interface InventoryServiceOptions {
  readonly inventory: Pick<Inventory, 'current' | 'refreshed' | 'findVm'>;
  readonly reservations: Pick<Reservations, 'reserve' | 'release' | 'list'>;
  readonly clock?: Clock;
}

/** Position of a VM in the order of a list. A page starts after the position in its token. */
const PLACE = z.object({ name: z.string(), id: z.string() });

type Place = z.output<typeof PLACE>;

/** Creates an inventory service over the newest snapshot, which asks the engine only for a VM that it lacks. */
export function createInventoryService(options: InventoryServiceOptions): InventoryService {
  const { inventory, reservations, clock = Date } = options;

  async function knownVm(snapshot: Snapshot, id: string, call: Call): Promise<Vm> {
    const vm = snapshot.vm(id) ?? (await inventory.findVm(id, call));
    if (vm !== undefined) return vm;
    throw new SchedulingError('NOT_FOUND', `vm_id: the engine has no VM ${id}`, { notFound: 'VM' });
  }

  async function hostsOf(
    snapshot: Snapshot,
    request: ListHostsRequest,
    call: Call,
  ): Promise<readonly Host[]> {
    const { clusterId, name, vmId } = request;
    if ([clusterId, name, vmId].filter((one) => one !== undefined).length > 1) {
      throw new SchedulingError(
        'INVALID_ARGUMENT',
        'cluster_id, name, vm_id: at most one of them may be set',
      );
    }
    if (clusterId !== undefined) return snapshot.hostsOfCluster(clusterId);
    if (name !== undefined) return snapshot.hosts.filter(named(name));
    if (vmId === undefined) return snapshot.hosts;
    const vm = await knownVm(snapshot, vmId, call);
    if (vm.clusterId !== undefined) return snapshot.hostsOfCluster(vm.clusterId);
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      `vm_id: VM ${vmId} has no cluster in the engine; list hosts by cluster_id or name instead`,
    );
  }

  async function vmsOf(snapshot: Snapshot, request: ListVmsRequest, call: Call): Promise<Iterable<Vm>> {
    const { vmId, hostId } = request;
    if (vmId !== undefined) return [await knownVm(snapshot, vmId, call)];
    if (hostId !== undefined) return snapshot.host(hostId)?.vms ?? [];
    return vmsOn(snapshot.hosts);
  }

  async function knownHost(snapshot: Snapshot, id: string, call: Call): Promise<Host> {
    const known = snapshot.host(id);
    if (known !== undefined) return known;
    const { snapshot: newer, looked } = await inventory.refreshed([id], call);
    const host = newer.host(id);
    if (host !== undefined) return host;
    if (looked) throw new SchedulingError('INVALID_ARGUMENT', `host_id: the engine has no host ${id}`);
    throw new SchedulingError(
      'UNAVAILABLE',
      `host_id: host ${id} is not in the snapshot, and the engine can't be asked now; try later`,
    );
  }

  return {
    async listHosts(request, call) {
      const snapshot = inventory.current();
      const hosts = await hostsOf(snapshot, request, call);
      return { hosts: hosts.map(listedHost), snapshotTime: snapshot.time };
    },
    async listVms(request, call) {
      const snapshot = inventory.current();
      const { pageSize, pageToken, ...wanted } = request;
      const behind = pageToken === undefined ? undefined : placeOf(pageToken);
      const vms = firstInOrder(await vmsOf(snapshot, request, call), matching(wanted), behind, pageSize + 1);
      const page = vms.slice(0, pageSize);
      const last = vms.length > pageSize ? page.at(-1) : undefined;
      return {
        vms: page.map(listedVm),
        ...(last === undefined ? {} : { nextPageToken: tokenOf(last) }),
        snapshotTime: snapshot.time,
      };
    },
    getInventory: () =>
      new Promise((resolve) => {
        const snapshot = inventory.current();
        resolve({ ...sizeOf(snapshot), ageMs: Math.max(0, clock.now() - snapshot.time) });
      }),
    async reserve({ vmId, hostId, ttlMs }, call) {
      const snapshot = inventory.current();
      const vm = await knownVm(snapshot, vmId, call);
      const { name: hostName } = await knownHost(snapshot, hostId, call);
      return listedReservation(reservations.reserve({ vm, hostId, hostName }, ttlMs, call.dryRun));
    },
    release(vmId, { dryRun }) {
      const released = reservations.release(vmId, dryRun);
      return Promise.resolve(released && listedReservation(released));
    },
    listReservations: () => Promise.resolve(reservations.list().map(listedReservation)),
  };
}

function sizeOf({ hosts, time, eventId }: Snapshot): Omit<InventorySummary, 'ageMs'> {
  const clusters = new Set(hosts.map(({ clusterId }) => clusterId));
  clusters.delete(undefined);
  return {
    hosts: hosts.length,
    hostsUp: hosts.filter(({ status }) => status === 'up').length,
    clusters: clusters.size,
    runningVms: hosts.reduce((sum, { vms }) => sum + vms.length, 0),
    snapshotTime: time,
    ...(eventId === undefined ? {} : { eventId }),
  };
}

function listedHost({ id, name, status, clusterId, vms, memory }: Host): ListedHost {
  const runningVms = vms.length;
  return { id, name, status, ...(clusterId === undefined ? {} : { clusterId }), runningVms, memory };
}

function* vmsOn(hosts: readonly Host[]): Generator<Vm, void, undefined> {
  for (const { vms } of hosts) yield* vms;
}

function matching(request: Omit<ListVmsRequest, 'pageSize' | 'pageToken'>): (vm: Vm) => boolean {
  const { vmId, name, hostId, clusterId } = request;
  const isNamed = name === undefined ? () => true : named(name);
  return (vm) =>
    (vmId === undefined || vm.id === vmId) &&
    (hostId === undefined || vm.hostId === hostId) &&
    (clusterId === undefined || vm.clusterId === clusterId) &&
    isNamed(vm);
}

/**
 * Creates the test for a name or a pattern. It finds the pieces of a pattern from left to right, in linear time for any
 * pattern.
 */
function named(pattern: string): (one: { readonly name: string }) => boolean {
  const [head = '', ...pieces] = pattern.toLowerCase().split('*');
  const tail = pieces.pop();
  if (tail === undefined) return ({ name }) => name.toLowerCase() === head;
  return (one) => {
    const name = one.name.toLowerCase();
    const end = name.length - tail.length;
    if (!name.startsWith(head) || !name.endsWith(tail)) return false;
    let at = head.length;
    for (const piece of pieces) {
      const found = name.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= end;
  };
}

/** Returns the first `count` VMs in order, without sorting the rest: a page shows at most 1,000 of 100,000 VMs. */
function firstInOrder(
  vms: Iterable<Vm>,
  matches: (vm: Vm) => boolean,
  behind: Place | undefined,
  count: number,
): readonly Vm[] {
  let last: Vm | undefined;
  const first: Vm[] = [];
  for (const vm of vms) {
    if (last !== undefined && byNameThenId(vm, last) > 0) continue;
    if (behind !== undefined && byNameThenId(vm, behind) <= 0) continue;
    if (!matches(vm)) continue;
    first.push(vm);
    if (first.length < 2 * count) continue;
    first.sort(byNameThenId).splice(count);
    last = first.at(-1);
  }
  return first.sort(byNameThenId).slice(0, count);
}

function tokenOf({ name, id }: Place): string {
  return Buffer.from(JSON.stringify({ name, id })).toString('base64url');
}

function placeOf(token: string): Place {
  try {
    return PLACE.parse(JSON.parse(Buffer.from(token, 'base64url').toString()));
  } catch {
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      `page_token: expected the next_page_token of an answer, got ${quoted(token)}`,
    );
  }
}
