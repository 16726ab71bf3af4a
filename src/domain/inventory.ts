import type { Call } from './contract.js';
import { identifyOs, type GuestOs } from './os-identity.js';
import type { HostMemory, Vm } from './snapshot.js';

/** A host as an inventory service lists it. Ids are UUIDs in lower case. */
export interface ListedHost {
  readonly id: string;
  readonly name: string;
  /** As the engine has it: `up`, `maintenance`, `non_responsive`, ... */
  readonly status: string;
  /** Absent for a host without a cluster. */
  readonly clusterId?: string;
  readonly runningVms: number;
  /** Absent from a service that does not say. */
  readonly memory?: HostMemory;
}

/** A VM as an inventory service lists it. */
export interface ListedVm {
  readonly id: string;
  readonly name: string;
  /** As the engine has it; absent for a VM whose image is illegal. */
  readonly status?: string;
  /** Host on which it runs; absent for a VM that does not run. */
  readonly hostId?: string;
  readonly clusterId?: string;
  /** The configured operating system, such as `rhel_9x64`. */
  readonly osType?: string;
  /** Version of the configured operating system. */
  readonly osVersion?: string;
  /** The operating system that the guest agent reports; absent without a report. */
  readonly guestOs?: GuestOs;
  readonly memoryMiB?: number;
  /** False also from a service that does not say. */
  readonly migratable: boolean;
}

/** Returns a VM as a service lists it. */
export function listedVm({ id, name, status, hostId, clusterId, memoryMiB, migratable, os }: Vm): ListedVm {
  const { type: osType, version: osVersion } = os.configured;
  const { type, version } = os.guest;
  const isReported = type !== undefined && (type !== os.family.type || version !== os.family.version);
  return {
    id,
    name,
    ...(status === undefined ? {} : { status }),
    ...(hostId === undefined ? {} : { hostId }),
    ...(clusterId === undefined ? {} : { clusterId }),
    ...(osType === undefined ? {} : { osType }),
    ...(osVersion === undefined ? {} : { osVersion }),
    ...(isReported ? { guestOs: { distribution: type, version } } : {}),
    ...(memoryMiB === undefined ? {} : { memoryMiB }),
    migratable,
  };
}

/** Returns the VM that a service listed. */
export function vmOf({ osType, osVersion, guestOs, ...listed }: ListedVm): Vm {
  const { id, name, status, hostId, clusterId, memoryMiB, migratable } = listed;
  const os = identifyOs({ type: osType, version: osVersion }, guestOs);
  return { id, name, status, hostId, clusterId, memoryMiB, migratable, os };
}

/** Asks for all hosts, or those of a cluster, with a name, or of a VM's cluster. At most one field is set. */
export interface ListHostsRequest {
  readonly clusterId?: string;
  /** Name, or pattern with `*` for any characters; case is ignored. */
  readonly name?: string;
  readonly vmId?: string;
}

/** Asks for the VMs that match every field set. */
export interface ListVmsRequest {
  /** Finds stopped VMs too, by a look-up at the engine. */
  readonly vmId?: string;
  /** Name, or pattern with `*` for any characters; case is ignored. */
  readonly name?: string;
  readonly hostId?: string;
  readonly clusterId?: string;
  /** Most VMs in one answer. */
  readonly pageSize: number;
  /** The `nextPageToken` of the previous page; absent for the first page. */
  readonly pageToken?: string;
}

/** Hosts, ordered by name, then id. */
export interface ListHostsResponse {
  readonly hosts: readonly ListedHost[];
  /** Time up to which the answer has every published change, in milliseconds since the epoch. */
  readonly snapshotTime: number;
}

/** One page of VMs, ordered by name, then id. */
export interface ListVmsResponse {
  readonly vms: readonly ListedVm[];
  /** Absent on the last page. */
  readonly nextPageToken?: string;
  readonly snapshotTime: number;
}

/** Size and age of an inventory. */
export interface InventorySummary {
  readonly hosts: number;
  readonly hostsUp: number;
  readonly clusters: number;
  readonly runningVms: number;
  readonly snapshotTime: number;
  readonly ageMs: number;
  /** Id of the newest event of the engine that it contains; absent when events are not followed. */
  readonly eventId?: number | undefined;
}

/** Time for which a reservation counts by default, in ms: an engine shows a VM on its host within seconds of its start. */
export const RESERVATION_TTL_MS = 120_000;

/** Shortest time for which a reservation may be made, in ms: that of a few calls. */
export const MIN_RESERVATION_TTL_MS = 1000;

/** Longest time for which a reservation may be made, in ms: a migration that takes longer is reserved again. */
export const MAX_RESERVATION_TTL_MS = 3_600_000;

/** Asks to count a VM at a host, and nowhere else, until the inventory shows it there. */
export interface ReserveRequest {
  readonly vmId: string;
  readonly hostId: string;
  /** From {@link MIN_RESERVATION_TTL_MS} to {@link MAX_RESERVATION_TTL_MS}. */
  readonly ttlMs: number;
}

/** A VM that counts at a host before the inventory shows it there. */
export interface Reservation {
  readonly vmId: string;
  readonly hostId: string;
  readonly vmName?: string;
  readonly hostName?: string;
  /** In milliseconds since the epoch, like `endTime`, at which it ends at the latest. */
  readonly startTime: number;
  readonly endTime: number;
  /** True for a placement that is predicted from an answer to an engine, false for one that was reserved. */
  readonly predicted: boolean;
}

/** A reservation with its VM, which may be stopped. */
export interface KeptReservation extends Pick<Reservation, 'hostId' | 'startTime' | 'endTime' | 'predicted'> {
  readonly vm: Vm;
  readonly hostName: string;
}

/** Returns a reservation as a service lists it. */
export function listedReservation({ vm, ...kept }: KeptReservation): Reservation {
  const { hostId, hostName, startTime, endTime, predicted } = kept;
  return { vmId: vm.id, vmName: vm.name, hostId, hostName, startTime, endTime, predicted };
}

/**
 * Follower of the calls by which an engine schedules VMs, which never says what it decides. Called when a call comes. Returns
 * the function to call once it is answered, with the host that the engine presumably takes; undefined if nobody wants to know.
 */
export type FollowCall = (vmId: string, requestId: string) => ((hostId: string) => void) | undefined;

/**
 * A service that lists an engine's hosts and VMs, and keeps reservations. A method rejects with a SchedulingError: INVALID_ARGUMENT, NOT_FOUND
 * (the VM that the request names), UNAVAILABLE (no fresh snapshot), UNIMPLEMENTED (no inventory here), RESOURCE_EXHAUSTED
 * (too many reservations).
 */
export interface InventoryService {
  readonly listHosts: (request: ListHostsRequest, call: Call) => Promise<ListHostsResponse>;
  readonly listVms: (request: ListVmsRequest, call: Call) => Promise<ListVmsResponse>;
  readonly getInventory: (call: Call) => Promise<InventorySummary>;
  /** Counts a VM at a host in every later answer, in place of what was reserved for it before. A dry run reserves nothing. */
  readonly reserve: (request: ReserveRequest, call: Call) => Promise<Reservation>;
  /** Ends what is reserved or predicted for a VM. Resolves to undefined if nothing is. */
  readonly release: (vmId: string, call: Call) => Promise<Reservation | undefined>;
  /** Lists reservations and predictions, the oldest first. */
  readonly listReservations: (call: Call) => Promise<readonly Reservation[]>;
}
