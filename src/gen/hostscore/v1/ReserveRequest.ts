// Original file: proto/hostscore/v1/inventory_service.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.js';

/**
 * Asks to count a virtual machine at a host.
 */
export interface ReserveRequest {
  /**
   * Virtual machine to place, running or stopped. Required. For one that the engine does not have the answer is
   * NOT_FOUND.
   */
  'vm_id'?: (string);
  /**
   * Host at which it is to count. Required. For one that the inventory does not have the answer is INVALID_ARGUMENT.
   */
  'host_id'?: (string);
  /**
   * Longest time for which it counts, from 1 second to 1 hour. Default: 2 minutes.
   */
  'ttl'?: (_google_protobuf_Duration | null);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
}

/**
 * Asks to count a virtual machine at a host.
 */
export interface ReserveRequest__Output {
  /**
   * Virtual machine to place, running or stopped. Required. For one that the engine does not have the answer is
   * NOT_FOUND.
   */
  'vm_id': (string);
  /**
   * Host at which it is to count. Required. For one that the inventory does not have the answer is INVALID_ARGUMENT.
   */
  'host_id': (string);
  /**
   * Longest time for which it counts, from 1 second to 1 hour. Default: 2 minutes.
   */
  'ttl': (_google_protobuf_Duration__Output | null);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
}
