// Original file: proto/hostscore/v1/inventory_service.proto


/**
 * Asks for the reservations.
 */
export interface ListReservationsRequest {
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
}

/**
 * Asks for the reservations.
 */
export interface ListReservationsRequest__Output {
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
}
