// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * Asks which hosts suit one virtual machine.
 */
export interface FilterHostsRequest {
  /**
   * Virtual machine to be scheduled.
   */
  'vm_id'?: (string);
  /**
   * Hosts to choose from. None gets an empty answer.
   */
  'host_ids'?: (string)[];
  /**
   * Names of the filter units to run, each at most once. None runs every filter unit of the service.
   */
  'units'?: (string)[];
  /**
   * Properties of the scheduling policy. Keys that no unit knows are ignored.
   */
  'properties'?: ({[key: string]: string});
  /**
   * Id for the logs of both sides: up to 128 printable ASCII characters. Absent: the service makes one.
   */
  'request_id'?: (string);
}

/**
 * Asks which hosts suit one virtual machine.
 */
export interface FilterHostsRequest__Output {
  /**
   * Virtual machine to be scheduled.
   */
  'vm_id': (string);
  /**
   * Hosts to choose from. None gets an empty answer.
   */
  'host_ids': (string)[];
  /**
   * Names of the filter units to run, each at most once. None runs every filter unit of the service.
   */
  'units': (string)[];
  /**
   * Properties of the scheduling policy. Keys that no unit knows are ignored.
   */
  'properties': ({[key: string]: string});
  /**
   * Id for the logs of both sides: up to 128 printable ASCII characters. Absent: the service makes one.
   */
  'request_id': (string);
}
