// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * A score unit to run, with the caller's weight for it.
 */
export interface WeightedUnit {
  /**
   * Required. Name of a score unit of the service.
   */
  'name'?: (string);
  /**
   * Factor of the unit's score in the sum, 0 or more. Default: 1. The weights of one request add up to at most
   * 21474836, so that every sum fits into 32 bits.
   */
  'weight'?: (number);
  '_weight'?: "weight";
}

/**
 * A score unit to run, with the caller's weight for it.
 */
export interface WeightedUnit__Output {
  /**
   * Required. Name of a score unit of the service.
   */
  'name': (string);
  /**
   * Factor of the unit's score in the sum, 0 or more. Default: 1. The weights of one request add up to at most
   * 21474836, so that every sum fits into 32 bits.
   */
  'weight'?: (number);
  '_weight'?: "weight";
}
