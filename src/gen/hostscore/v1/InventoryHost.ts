// Original file: proto/hostscore/v1/inventory_service.proto

import type { HostMemory as _hostscore_v1_HostMemory, HostMemory__Output as _hostscore_v1_HostMemory__Output } from '../../hostscore/v1/HostMemory.js';

/**
 * A host of the engine.
 */
export interface InventoryHost {
  /**
   * Id of the host, in lower case.
   */
  'id'?: (string);
  /**
   * Name of the host, as an administrator sees it.
   */
  'name'?: (string);
  /**
   * Status of the host, in the engine's word: `up`, `maintenance`, `non_responsive` and others.
   */
  'status'?: (string);
  /**
   * Cluster of the host, as a lower-case id. Empty: the host has no cluster.
   */
  'cluster_id'?: (string);
  /**
   * Number of virtual machines on the host, whatever their status. Not sent in WatchResponse.
   */
  'running_vms'?: (number);
  /**
   * Memory of the host. Absent: unknown.
   */
  'memory'?: (_hostscore_v1_HostMemory | null);
  '_running_vms'?: "running_vms";
}

/**
 * A host of the engine.
 */
export interface InventoryHost__Output {
  /**
   * Id of the host, in lower case.
   */
  'id': (string);
  /**
   * Name of the host, as an administrator sees it.
   */
  'name': (string);
  /**
   * Status of the host, in the engine's word: `up`, `maintenance`, `non_responsive` and others.
   */
  'status': (string);
  /**
   * Cluster of the host, as a lower-case id. Empty: the host has no cluster.
   */
  'cluster_id': (string);
  /**
   * Number of virtual machines on the host, whatever their status. Not sent in WatchResponse.
   */
  'running_vms'?: (number);
  /**
   * Memory of the host. Absent: unknown.
   */
  'memory': (_hostscore_v1_HostMemory__Output | null);
  '_running_vms'?: "running_vms";
}
