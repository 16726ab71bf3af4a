// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * A host that a filter unit rejected.
 */
export interface RejectedHost {
  /**
   * Host, as a lower-case id. MUST be set.
   */
  'host_id'?: (string);
  /**
   * Name of the host. A service without an inventory leaves it out.
   */
  'host_name'?: (string);
  /**
   * Reason why the filter rejects the host, in words and numbers. MUST be set. hostscore keeps the first 1000
   * characters.
   */
  'reason'?: (string);
  '_host_name'?: "host_name";
}

/**
 * A host that a filter unit rejected.
 */
export interface RejectedHost__Output {
  /**
   * Host, as a lower-case id. MUST be set.
   */
  'host_id': (string);
  /**
   * Name of the host. A service without an inventory leaves it out.
   */
  'host_name'?: (string);
  /**
   * Reason why the filter rejects the host, in words and numbers. MUST be set. hostscore keeps the first 1000
   * characters.
   */
  'reason': (string);
  '_host_name'?: "host_name";
}
