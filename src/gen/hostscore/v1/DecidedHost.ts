// Original file: proto/hostscore/v1/decision_service.proto


/**
 * A host of a decision.
 */
export interface DecidedHost {
  /**
   * Host, as a lower-case id. MUST be set.
   */
  'host_id'?: (string);
  /**
   * Name that the host had. Empty: unknown.
   */
  'host_name'?: (string);
}

/**
 * A host of a decision.
 */
export interface DecidedHost__Output {
  /**
   * Host, as a lower-case id. MUST be set.
   */
  'host_id': (string);
  /**
   * Name that the host had. Empty: unknown.
   */
  'host_name': (string);
}
