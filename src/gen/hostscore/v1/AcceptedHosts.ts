// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * The hosts that one filter accepted.
 */
export interface AcceptedHosts {
  /**
   * Hosts that may run the virtual machine, in the order asked. Empty: the filter rejects every host.
   */
  'host_ids'?: (string)[];
}

/**
 * The hosts that one filter accepted.
 */
export interface AcceptedHosts__Output {
  /**
   * Hosts that may run the virtual machine, in the order asked. Empty: the filter rejects every host.
   */
  'host_ids': (string)[];
}
