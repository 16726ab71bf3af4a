// Original file: proto/hostscore/v1/decision_service.proto


/**
 * A unit's own words about a host.
 */
export interface DecidedReason {
  /**
   * Unit that gave the reason. MUST be set.
   */
  'unit'?: (string);
  /**
   * Host that it is about, as a lower-case id. MUST be set.
   */
  'host_id'?: (string);
  /**
   * Reason, in words and numbers. MUST be set.
   */
  'text'?: (string);
}

/**
 * A unit's own words about a host.
 */
export interface DecidedReason__Output {
  /**
   * Unit that gave the reason. MUST be set.
   */
  'unit': (string);
  /**
   * Host that it is about, as a lower-case id. MUST be set.
   */
  'host_id': (string);
  /**
   * Reason, in words and numbers. MUST be set.
   */
  'text': (string);
}
