// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * The values that one score unit gave the hosts.
 */
export interface UnitScores {
  /**
   * Unweighted values of the unit. MUST have one value for each entry of `ScoreHostsResponse.scores`, in the same
   * order. The unit's direction determines their range.
   */
  'values'?: (number)[];
}

/**
 * The values that one score unit gave the hosts.
 */
export interface UnitScores__Output {
  /**
   * Unweighted values of the unit. MUST have one value for each entry of `ScoreHostsResponse.scores`, in the same
   * order. The unit's direction determines their range.
   */
  'values': (number)[];
}
