// Original file: proto/hostscore/v1/inventory_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';

/**
 * A virtual machine that counts at a host before the inventory shows it there.
 */
export interface Reservation {
  /**
   * Id of the virtual machine, in lower case.
   */
  'vm_id'?: (string);
  /**
   * Host at which it counts, as a lower-case id.
   */
  'host_id'?: (string);
  /**
   * Name of the virtual machine, as an administrator sees it. Empty: unknown.
   */
  'vm_name'?: (string);
  /**
   * Name of the host, as an administrator sees it. Empty: unknown.
   */
  'host_name'?: (string);
  /**
   * Time from which on it counts. MUST be sent.
   */
  'start_time'?: (_google_protobuf_Timestamp | null);
  /**
   * Time at which it ends at the latest. MUST be sent.
   */
  'end_time'?: (_google_protobuf_Timestamp | null);
  /**
   * True for a placement that the service predicts from its answer to the engine, false for one that was reserved.
   */
  'predicted'?: (boolean);
}

/**
 * A virtual machine that counts at a host before the inventory shows it there.
 */
export interface Reservation__Output {
  /**
   * Id of the virtual machine, in lower case.
   */
  'vm_id': (string);
  /**
   * Host at which it counts, as a lower-case id.
   */
  'host_id': (string);
  /**
   * Name of the virtual machine, as an administrator sees it. Empty: unknown.
   */
  'vm_name': (string);
  /**
   * Name of the host, as an administrator sees it. Empty: unknown.
   */
  'host_name': (string);
  /**
   * Time from which on it counts. MUST be sent.
   */
  'start_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Time at which it ends at the latest. MUST be sent.
   */
  'end_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * True for a placement that the service predicts from its answer to the engine, false for one that was reserved.
   */
  'predicted': (boolean);
}
