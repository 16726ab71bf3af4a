// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { PolicyUnit as _hostscore_v1_PolicyUnit, PolicyUnit__Output as _hostscore_v1_PolicyUnit__Output } from '../../hostscore/v1/PolicyUnit.js';

/**
 * The units of a service.
 */
export interface ListPolicyUnitsResponse {
  /**
   * Every unit, in an order that does not change between calls.
   */
  'policy_units'?: (_hostscore_v1_PolicyUnit)[];
}

/**
 * The units of a service.
 */
export interface ListPolicyUnitsResponse__Output {
  /**
   * Every unit, in an order that does not change between calls.
   */
  'policy_units': (_hostscore_v1_PolicyUnit__Output)[];
}
