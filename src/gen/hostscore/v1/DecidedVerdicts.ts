// Original file: proto/hostscore/v1/decision_service.proto


/**
 * The verdicts of a filter.
 */
export interface DecidedVerdicts {
  /**
   * True for each host that the filter accepted, in the order of `Decision.hosts`.
   */
  'accepted'?: (boolean)[];
}

/**
 * The verdicts of a filter.
 */
export interface DecidedVerdicts__Output {
  /**
   * True for each host that the filter accepted, in the order of `Decision.hosts`.
   */
  'accepted': (boolean)[];
}
