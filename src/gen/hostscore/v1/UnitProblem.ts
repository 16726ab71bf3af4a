// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * Something that would be a unit and is none, such as a plugin that fails to import.
 */
export interface UnitProblem {
  /**
   * File, plugin, or service and unit that has the problem, in the service's own words. MUST be set.
   */
  'source'?: (string);
  /**
   * Problem and remedy, in words for an administrator. MUST be set.
   */
  'reason'?: (string);
}

/**
 * Something that would be a unit and is none, such as a plugin that fails to import.
 */
export interface UnitProblem__Output {
  /**
   * File, plugin, or service and unit that has the problem, in the service's own words. MUST be set.
   */
  'source': (string);
  /**
   * Problem and remedy, in words for an administrator. MUST be set.
   */
  'reason': (string);
}
