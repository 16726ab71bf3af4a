// Original file: proto/hostscore/v1/inventory_service.proto

import type { InventoryVm as _hostscore_v1_InventoryVm, InventoryVm__Output as _hostscore_v1_InventoryVm__Output } from '../../hostscore/v1/InventoryVm.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';

/**
 * One page of the virtual machines that match a request.
 */
export interface ListVmsResponse {
  /**
   * Virtual machines of the page, ordered by name, then by id. A virtual machine that starts, stops or gets a new name
   * between two calls may be on both pages or on neither.
   */
  'vms'?: (_hostscore_v1_InventoryVm)[];
  /**
   * Token of the next page. Empty: this page is the last.
   */
  'next_page_token'?: (string);
  /**
   * Time up to which the answer contains every change that the engine published. MUST be sent.
   */
  'snapshot_time'?: (_google_protobuf_Timestamp | null);
}

/**
 * One page of the virtual machines that match a request.
 */
export interface ListVmsResponse__Output {
  /**
   * Virtual machines of the page, ordered by name, then by id. A virtual machine that starts, stops or gets a new name
   * between two calls may be on both pages or on neither.
   */
  'vms': (_hostscore_v1_InventoryVm__Output)[];
  /**
   * Token of the next page. Empty: this page is the last.
   */
  'next_page_token': (string);
  /**
   * Time up to which the answer contains every change that the engine published. MUST be sent.
   */
  'snapshot_time': (_google_protobuf_Timestamp__Output | null);
}
