// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * The hosts that one filter unit accepted.
 */
export interface AcceptedHosts {
  /**
   * Hosts of the request that may run the virtual machine, each at most once, in the order asked. Empty: the filter
   * rejects every host. MUST NOT contain another host.
   */
  'host_ids'?: (string)[];
}

/**
 * The hosts that one filter unit accepted.
 */
export interface AcceptedHosts__Output {
  /**
   * Hosts of the request that may run the virtual machine, each at most once, in the order asked. Empty: the filter
   * rejects every host. MUST NOT contain another host.
   */
  'host_ids': (string)[];
}
