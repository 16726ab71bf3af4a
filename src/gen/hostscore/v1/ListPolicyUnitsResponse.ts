// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { PolicyUnit as _hostscore_v1_PolicyUnit, PolicyUnit__Output as _hostscore_v1_PolicyUnit__Output } from './PolicyUnit.js';
import type { UnitProblem as _hostscore_v1_UnitProblem, UnitProblem__Output as _hostscore_v1_UnitProblem__Output } from './UnitProblem.js';

/**
 * The units of a service.
 */
export interface ListPolicyUnitsResponse {
  /**
   * Every unit, in an order that does not change between calls.
   */
  'policy_units'?: (_hostscore_v1_PolicyUnit)[];
  /**
   * What would be units and could not be made ones. Empty when all is well.
   */
  'problems'?: (_hostscore_v1_UnitProblem)[];
}

/**
 * The units of a service.
 */
export interface ListPolicyUnitsResponse__Output {
  /**
   * Every unit, in an order that does not change between calls.
   */
  'policy_units': (_hostscore_v1_PolicyUnit__Output)[];
  /**
   * What would be units and could not be made ones. Empty when all is well.
   */
  'problems': (_hostscore_v1_UnitProblem__Output)[];
}
