// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * A unit to run, with the caller's weight for it.
 */
export interface WeightedUnit {
  /**
   * Name of a score unit of the service.
   */
  'name'?: (string);
  /**
   * Factor of the unit's score in the sum, 0 or more; 1 when absent. The weights of one request add up to at most
   * 21474836, so that no sum leaves 32 bits.
   */
  'weight'?: (number);
  '_weight'?: "weight";
}

/**
 * A unit to run, with the caller's weight for it.
 */
export interface WeightedUnit__Output {
  /**
   * Name of a score unit of the service.
   */
  'name': (string);
  /**
   * Factor of the unit's score in the sum, 0 or more; 1 when absent. The weights of one request add up to at most
   * 21474836, so that no sum leaves 32 bits.
   */
  'weight'?: (number);
  '_weight'?: "weight";
}
