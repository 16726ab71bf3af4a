// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * Why a unit gave a host its score.
 */
export interface Reason {
  /**
   * Unit that speaks.
   */
  'unit'?: (string);
  /**
   * The reason in words and numbers.
   */
  'text'?: (string);
}

/**
 * Why a unit gave a host its score.
 */
export interface Reason__Output {
  /**
   * Unit that speaks.
   */
  'unit': (string);
  /**
   * The reason in words and numbers.
   */
  'text': (string);
}
