// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * What one unit said of the hosts.
 */
export interface UnitScores {
  /**
   * The unit's unweighted values, aligned with `scores` of the response.
   */
  'values'?: (number)[];
}

/**
 * What one unit said of the hosts.
 */
export interface UnitScores__Output {
  /**
   * The unit's unweighted values, aligned with `scores` of the response.
   */
  'values': (number)[];
}
