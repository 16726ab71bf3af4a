// Original file: proto/hostscore/v1/inventory_service.proto

import type { InventoryHost as _hostscore_v1_InventoryHost, InventoryHost__Output as _hostscore_v1_InventoryHost__Output } from '../../hostscore/v1/InventoryHost.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';

/**
 * The hosts that match a request.
 */
export interface ListHostsResponse {
  /**
   * Hosts of any status, ordered by name, then by id.
   */
  'hosts'?: (_hostscore_v1_InventoryHost)[];
  /**
   * Time up to which the answer contains every change that the engine published. MUST be sent.
   */
  'snapshot_time'?: (_google_protobuf_Timestamp | null);
}

/**
 * The hosts that match a request.
 */
export interface ListHostsResponse__Output {
  /**
   * Hosts of any status, ordered by name, then by id.
   */
  'hosts': (_hostscore_v1_InventoryHost__Output)[];
  /**
   * Time up to which the answer contains every change that the engine published. MUST be sent.
   */
  'snapshot_time': (_google_protobuf_Timestamp__Output | null);
}
