import { identifyOs, type GuestOs } from '../../src/domain/os-identity.js';
import {
  buildSnapshot,
  type HostMemory,
  type HostRecord,
  type Inventory,
  type Snapshot,
  type Vm,
} from '../../src/domain/snapshot.js';

/** The n-th host id of a test. */
export function hostId(n: number): string {
  return `aaaaaaaa-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** The n-th VM id of a test. */
export function vmId(n: number): string {
  return `bbbbbbbb-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** The n-th cluster id of a test; hosts and VMs are in the first unless said otherwise. */
export function clusterId(n: number): string {
  return `cccccccc-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** A VM of which only what a test cares for is said: it is up, in cluster 1, and has 1 GiB of memory and leave to migrate. */
export function vm(
  n: number,
  osType: string | undefined,
  options: {
    readonly on?: number;
    readonly version?: string;
    readonly guest?: GuestOs;
  } & Partial<Pick<Vm, 'clusterId' | 'status' | 'memoryMiB' | 'migratable'>> = {},
): Vm {
  const { migratable = true } = options;
  return {
    id: vmId(n),
    name: `vm-${n}`,
    clusterId: 'clusterId' in options ? options.clusterId : clusterId(1),
    hostId: options.on === undefined ? undefined : hostId(options.on),
    status: 'status' in options ? options.status : 'up',
    memoryMiB: 'memoryMiB' in options ? options.memoryMiB : 1024,
    migratable,
    os: identifyOs({ type: osType, version: options.version }, options.guest),
  };
}

/** Memory of a host that has room for everything: 1 TiB, of which half is free. */
const ROOMY: HostMemory = { totalMiB: 1_048_576, freeMiB: 524_288, schedulableMiB: 524_288 };

/** A host in cluster 1, up unless said otherwise, with plenty of memory. */
export function host(n: number, status = 'up', memory: Partial<HostMemory> = {}): HostRecord {
  return {
    id: hostId(n),
    name: `host-${n.toString().padStart(4, '0')}`,
    clusterId: clusterId(1),
    status,
    memory: { ...ROOMY, ...memory },
  };
}

/** When the snapshots of tests were read. */
export const SNAPSHOT_TIME = Date.parse('2026-01-02T03:04:05.678Z');

/** A snapshot of these hosts and VMs. */
export function snapshotOf(hosts: readonly HostRecord[], vms: readonly Vm[]): Snapshot {
  return buildSnapshot(SNAPSHOT_TIME, hosts, vms);
}

/** An inventory in memory: a snapshot, and VMs that only a look-up finds. Counts its look-ups. */
export function inventoryOf(
  snapshot: Snapshot,
  options: {
    readonly stopped?: readonly Vm[];
    readonly afterRefresh?: Snapshot;
    readonly looked?: boolean;
  } = {},
): Inventory & { readonly asked: { refreshes: number; vms: string[] } } {
  const asked = { refreshes: 0, vms: [] as string[] };
  const stopped = new Map((options.stopped ?? []).map((vm) => [vm.id, vm]));
  return {
    asked,
    current: () => snapshot,
    refreshed: () => {
      asked.refreshes += 1;
      return Promise.resolve({ snapshot: options.afterRefresh ?? snapshot, looked: options.looked ?? true });
    },
    withReservations: (from) => ({ snapshot: from, placements: [] }),
    findVm: (id) => {
      asked.vms.push(id);
      return Promise.resolve(stopped.get(id));
    },
    use: () => undefined,
  };
}
