// Original file: proto/hostscore/v1/inventory_service.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Asks for the inventory and its changes.
 */
export interface WatchRequest {
  /**
   * Value of `epoch` in the last answer of the last step that the caller took over. Default: it has none, and gets the
   * whole inventory.
   */
  'epoch'?: (string);
  /**
   * Value of `sequence` in that answer. If the service still has what came after it, the caller gets only that, else the
   * whole inventory.
   */
  'sequence'?: (number | string | Long);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
  /**
   * True while the caller uses the free memory of hosts, such as for a balance unit. No event of the engine tells of it, so
   * the service reads it anew while a watch says so, and for 10 minutes more; else it is as old as the last full reading,
   * and `memory_time` says how old. A caller whose use changes asks again, from where it is.
   */
  'uses_host_memory'?: (boolean);
  /**
   * The same of what guest agents report, which is then read once more a minute after each event of a virtual machine.
   */
  'uses_guest_reports'?: (boolean);
}

/**
 * Asks for the inventory and its changes.
 */
export interface WatchRequest__Output {
  /**
   * Value of `epoch` in the last answer of the last step that the caller took over. Default: it has none, and gets the
   * whole inventory.
   */
  'epoch': (string);
  /**
   * Value of `sequence` in that answer. If the service still has what came after it, the caller gets only that, else the
   * whole inventory.
   */
  'sequence': (number);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
  /**
   * True while the caller uses the free memory of hosts, such as for a balance unit. No event of the engine tells of it, so
   * the service reads it anew while a watch says so, and for 10 minutes more; else it is as old as the last full reading,
   * and `memory_time` says how old. A caller whose use changes asks again, from where it is.
   */
  'uses_host_memory': (boolean);
  /**
   * The same of what guest agents report, which is then read once more a minute after each event of a virtual machine.
   */
  'uses_guest_reports': (boolean);
}
