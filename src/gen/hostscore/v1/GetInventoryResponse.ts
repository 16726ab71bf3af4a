// Original file: proto/hostscore/v1/inventory_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.js';
import type { Long } from '@grpc/proto-loader';

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
  /**
   * Id of the newest event of the engine that the inventory contains. Absent: the service does not follow events.
   */
  'event_id'?: (number | string | Long);
  '_hosts'?: "hosts";
  '_hosts_up'?: "hosts_up";
  '_clusters'?: "clusters";
  '_running_vms'?: "running_vms";
  '_event_id'?: "event_id";
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
  /**
   * Id of the newest event of the engine that the inventory contains. Absent: the service does not follow events.
   */
  'event_id'?: (number);
  '_hosts'?: "hosts";
  '_hosts_up'?: "hosts_up";
  '_clusters'?: "clusters";
  '_running_vms'?: "running_vms";
  '_event_id'?: "event_id";
}
