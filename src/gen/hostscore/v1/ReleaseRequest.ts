// Original file: proto/hostscore/v1/inventory_service.proto


/**
 * Asks to end the reservation of a virtual machine.
 */
export interface ReleaseRequest {
  /**
   * Virtual machine that is reserved. Required.
   */
  'vm_id'?: (string);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
}

/**
 * Asks to end the reservation of a virtual machine.
 */
export interface ReleaseRequest__Output {
  /**
   * Virtual machine that is reserved. Required.
   */
  'vm_id': (string);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
}
