import type { Call } from './contract.js';

/** A host as an inventory service lists it. Ids are UUIDs in lower case. */
export interface ListedHost {
  readonly id: string;
  readonly name: string;
  /** The engine's word: `up`, `maintenance`, `non_responsive`, ... */
  readonly status: string;
  /** Absent for a host without a cluster. */
  readonly clusterId?: string;
  readonly runningVms: number;
}

/** A VM as an inventory service lists it. */
export interface ListedVm {
  readonly id: string;
  readonly name: string;
  /** The engine's word; absent for a VM whose image is illegal. */
  readonly status?: string;
  /** Host on which it runs; absent for a VM that does not run. */
  readonly hostId?: string;
  readonly clusterId?: string;
  /** The configured operating system, such as `rhel_9x64`. */
  readonly osType?: string;
}

/** Asks for hosts: all of them, those of a cluster, those with a name, or those of a VM's cluster. At most one of the three is set. */
export interface ListHostsRequest {
  readonly clusterId?: string;
  /** A name, or a pattern in which `*` stands for any characters; letters of either case. */
  readonly name?: string;
  readonly vmId?: string;
}

/** Asks for VMs; what is set has to hold together. */
export interface ListVmsRequest {
  /** Finds a stopped VM too: it is looked up at the engine. */
  readonly vmId?: string;
  /** A name, or a pattern in which `*` stands for any characters; letters of either case. */
  readonly name?: string;
  readonly hostId?: string;
  readonly clusterId?: string;
  /** Number of VMs in one answer. */
  readonly pageSize: number;
  /** The `nextPageToken` of the page before; absent: the first page. */
  readonly pageToken?: string;
}

/** Hosts, ordered by name, then id. */
export interface ListHostsResponse {
  readonly hosts: readonly ListedHost[];
  /** Moment up to which every change that the engine published is in the answer: milliseconds since the epoch. */
  readonly snapshotTime: number;
}

/** One page of VMs, ordered by name, then id. */
export interface ListVmsResponse {
  readonly vms: readonly ListedVm[];
  /** Absent on the last page. */
  readonly nextPageToken?: string;
  readonly snapshotTime: number;
}

/** The size and the age of an inventory. */
export interface InventorySummary {
  readonly hosts: number;
  readonly hostsUp: number;
  readonly clusters: number;
  readonly runningVms: number;
  readonly snapshotTime: number;
  /** Milliseconds. */
  readonly ageMs: number;
}

/**
 * Tells what is known of an engine's hosts and VMs. A method rejects with a SchedulingError: INVALID_ARGUMENT, NOT_FOUND
 * (the VM that the request names), UNAVAILABLE (no fresh snapshot), UNIMPLEMENTED (no inventory here).
 */
export interface InventoryService {
  readonly listHosts: (request: ListHostsRequest, call: Call) => Promise<ListHostsResponse>;
  readonly listVms: (request: ListVmsRequest, call: Call) => Promise<ListVmsResponse>;
  readonly getInventory: (call: Call) => Promise<InventorySummary>;
}
