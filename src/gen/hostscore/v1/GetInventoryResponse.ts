// Original file: proto/hostscore/v1/inventory_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.js';

/**
 * The size and the age of the inventory.
 */
export interface GetInventoryResponse {
  /**
   * Number of hosts, whatever their status.
   */
  'hosts'?: (number);
  /**
   * Number of hosts whose status is `up`.
   */
  'hosts_up'?: (number);
  /**
   * Number of clusters that have a host.
   */
  'clusters'?: (number);
  /**
   * Number of virtual machines that run on a host.
   */
  'running_vms'?: (number);
  /**
   * Time up to which the inventory contains every change that the engine published. MUST be sent.
   */
  'snapshot_time'?: (_google_protobuf_Timestamp | null);
  /**
   * Time that has passed since `snapshot_time`, by the clock of the service. MUST be sent.
   */
  'age'?: (_google_protobuf_Duration | null);
  '_hosts'?: "hosts";
  '_hosts_up'?: "hosts_up";
  '_clusters'?: "clusters";
  '_running_vms'?: "running_vms";
}

/**
 * The size and the age of the inventory.
 */
export interface GetInventoryResponse__Output {
  /**
   * Number of hosts, whatever their status.
   */
  'hosts'?: (number);
  /**
   * Number of hosts whose status is `up`.
   */
  'hosts_up'?: (number);
  /**
   * Number of clusters that have a host.
   */
  'clusters'?: (number);
  /**
   * Number of virtual machines that run on a host.
   */
  'running_vms'?: (number);
  /**
   * Time up to which the inventory contains every change that the engine published. MUST be sent.
   */
  'snapshot_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Time that has passed since `snapshot_time`, by the clock of the service. MUST be sent.
   */
  'age': (_google_protobuf_Duration__Output | null);
  '_hosts'?: "hosts";
  '_hosts_up'?: "hosts_up";
  '_clusters'?: "clusters";
  '_running_vms'?: "running_vms";
}
