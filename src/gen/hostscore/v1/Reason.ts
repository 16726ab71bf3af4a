// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * The reason why a unit gave a host its score.
 */
export interface Reason {
  /**
   * Name of the unit that gives the reason. MUST be set.
   */
  'unit'?: (string);
  /**
   * Reason, in words and numbers. MUST be set. hostscore keeps the first 1000 characters.
   */
  'text'?: (string);
}

/**
 * The reason why a unit gave a host its score.
 */
export interface Reason__Output {
  /**
   * Name of the unit that gives the reason. MUST be set.
   */
  'unit': (string);
  /**
   * Reason, in words and numbers. MUST be set. hostscore keeps the first 1000 characters.
   */
  'text': (string);
}
