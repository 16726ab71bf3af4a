// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * Something that would be a unit and is none, such as a plugin that can't be imported.
 */
export interface UnitProblem {
  /**
   * What it is: a file, a plugin, or a service and what it names, in the service's own words.
   */
  'source'?: (string);
  /**
   * Why it is no unit, in words for whoever can mend it.
   */
  'reason'?: (string);
}

/**
 * Something that would be a unit and is none, such as a plugin that can't be imported.
 */
export interface UnitProblem__Output {
  /**
   * What it is: a file, a plugin, or a service and what it names, in the service's own words.
   */
  'source': (string);
  /**
   * Why it is no unit, in words for whoever can mend it.
   */
  'reason': (string);
}
