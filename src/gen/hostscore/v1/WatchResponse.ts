// Original file: proto/hostscore/v1/inventory_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.js';
import type { InventoryHost as _hostscore_v1_InventoryHost, InventoryHost__Output as _hostscore_v1_InventoryHost__Output } from '../../hostscore/v1/InventoryHost.js';
import type { InventoryVm as _hostscore_v1_InventoryVm, InventoryVm__Output as _hostscore_v1_InventoryVm__Output } from '../../hostscore/v1/InventoryVm.js';
import type { WatchedReservation as _hostscore_v1_WatchedReservation, WatchedReservation__Output as _hostscore_v1_WatchedReservation__Output } from '../../hostscore/v1/WatchedReservation.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A step of the inventory, or a part of one. A caller takes the parts of a step over together: one after the other, up
 * to the first that has not set `more`. A host, a virtual machine or a reservation in an answer replaces the one of the
 * same id. A step without any says that the inventory is as it was, at a later time.
 */
export interface WatchResponse {
  /**
   * Id of this series of steps. Another one than before means that the service started anew; it then sends the whole
   * inventory. MUST be sent.
   */
  'epoch'?: (string);
  /**
   * Number of the step in its series. All parts of a step have the same one.
   */
  'sequence'?: (number | string | Long);
  /**
   * True for the first part of the whole inventory: the caller forgets everything that it has, also parts of a step that
   * is not whole yet.
   */
  'restart'?: (boolean);
  /**
   * True when another part of the same step follows.
   */
  'more'?: (boolean);
  /**
   * Time up to which the inventory contains every change that the engine published. MUST be sent.
   */
  'snapshot_time'?: (_google_protobuf_Timestamp | null);
  /**
   * Time that had passed since `snapshot_time` when the answer was made, by the clock of the service. MUST be sent.
   */
  'age'?: (_google_protobuf_Duration | null);
  /**
   * Time up to which the memory of every host is known, which changes unannounced. MUST be sent.
   */
  'memory_time'?: (_google_protobuf_Timestamp | null);
  /**
   * Id of the newest event of the engine that the inventory contains. Absent: the service does not follow events.
   */
  'event_id'?: (number | string | Long);
  /**
   * Hosts that are new or changed.
   */
  'hosts'?: (_hostscore_v1_InventoryHost)[];
  /**
   * Ids of the hosts that left.
   */
  'removed_host_ids'?: (string)[];
  /**
   * Running virtual machines that are new or changed.
   */
  'vms'?: (_hostscore_v1_InventoryVm)[];
  /**
   * Ids of the virtual machines that stopped or left.
   */
  'removed_vm_ids'?: (string)[];
  /**
   * Reservations that are new or changed.
   */
  'reservations'?: (_hostscore_v1_WatchedReservation)[];
  /**
   * Ids of the virtual machines whose reservation ended.
   */
  'released_vm_ids'?: (string)[];
  '_event_id'?: "event_id";
}

/**
 * A step of the inventory, or a part of one. A caller takes the parts of a step over together: one after the other, up
 * to the first that has not set `more`. A host, a virtual machine or a reservation in an answer replaces the one of the
 * same id. A step without any says that the inventory is as it was, at a later time.
 */
export interface WatchResponse__Output {
  /**
   * Id of this series of steps. Another one than before means that the service started anew; it then sends the whole
   * inventory. MUST be sent.
   */
  'epoch': (string);
  /**
   * Number of the step in its series. All parts of a step have the same one.
   */
  'sequence': (number);
  /**
   * True for the first part of the whole inventory: the caller forgets everything that it has, also parts of a step that
   * is not whole yet.
   */
  'restart': (boolean);
  /**
   * True when another part of the same step follows.
   */
  'more': (boolean);
  /**
   * Time up to which the inventory contains every change that the engine published. MUST be sent.
   */
  'snapshot_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Time that had passed since `snapshot_time` when the answer was made, by the clock of the service. MUST be sent.
   */
  'age': (_google_protobuf_Duration__Output | null);
  /**
   * Time up to which the memory of every host is known, which changes unannounced. MUST be sent.
   */
  'memory_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Id of the newest event of the engine that the inventory contains. Absent: the service does not follow events.
   */
  'event_id'?: (number);
  /**
   * Hosts that are new or changed.
   */
  'hosts': (_hostscore_v1_InventoryHost__Output)[];
  /**
   * Ids of the hosts that left.
   */
  'removed_host_ids': (string)[];
  /**
   * Running virtual machines that are new or changed.
   */
  'vms': (_hostscore_v1_InventoryVm__Output)[];
  /**
   * Ids of the virtual machines that stopped or left.
   */
  'removed_vm_ids': (string)[];
  /**
   * Reservations that are new or changed.
   */
  'reservations': (_hostscore_v1_WatchedReservation__Output)[];
  /**
   * Ids of the virtual machines whose reservation ended.
   */
  'released_vm_ids': (string)[];
  '_event_id'?: "event_id";
}
