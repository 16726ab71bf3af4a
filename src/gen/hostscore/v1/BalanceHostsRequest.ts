// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * Asks for a migration that improves the balance among hosts.
 */
export interface BalanceHostsRequest {
  /**
   * Name of the balance unit to run.
   */
  'unit'?: (string);
  /**
   * Hosts to balance among. None gets an empty answer.
   */
  'host_ids'?: (string)[];
  /**
   * Properties of the scheduling policy. Keys that the unit does not know are ignored.
   */
  'properties'?: ({[key: string]: string});
  /**
   * Id for the logs of both sides: up to 128 printable ASCII characters. Absent: the service makes one.
   */
  'request_id'?: (string);
}

/**
 * Asks for a migration that improves the balance among hosts.
 */
export interface BalanceHostsRequest__Output {
  /**
   * Name of the balance unit to run.
   */
  'unit': (string);
  /**
   * Hosts to balance among. None gets an empty answer.
   */
  'host_ids': (string)[];
  /**
   * Properties of the scheduling policy. Keys that the unit does not know are ignored.
   */
  'properties': ({[key: string]: string});
  /**
   * Id for the logs of both sides: up to 128 printable ASCII characters. Absent: the service makes one.
   */
  'request_id': (string);
}
