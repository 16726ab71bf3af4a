import type { Call } from './contract.js';

/** A host as an inventory service lists it. Ids are UUIDs in lower case. */
export interface ListedHost {
  readonly id: string;
  readonly name: string;
  /** As the engine has it: `up`, `maintenance`, `non_responsive`, ... */
  readonly status: string;
  /** Absent for a host without a cluster. */
  readonly clusterId?: string;
  readonly runningVms: number;
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
}

/**
 * A service that lists an engine's hosts and VMs. A method rejects with a SchedulingError: INVALID_ARGUMENT, NOT_FOUND
 * (the VM that the request names), UNAVAILABLE (no fresh snapshot), UNIMPLEMENTED (no inventory here).
 */
export interface InventoryService {
  readonly listHosts: (request: ListHostsRequest, call: Call) => Promise<ListHostsResponse>;
  readonly listVms: (request: ListVmsRequest, call: Call) => Promise<ListVmsResponse>;
  readonly getInventory: (call: Call) => Promise<InventorySummary>;
}
