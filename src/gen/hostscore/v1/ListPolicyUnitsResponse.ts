// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { PolicyUnit as _hostscore_v1_PolicyUnit, PolicyUnit__Output as _hostscore_v1_PolicyUnit__Output } from '../../hostscore/v1/PolicyUnit.js';
import type { UnitProblem as _hostscore_v1_UnitProblem, UnitProblem__Output as _hostscore_v1_UnitProblem__Output } from '../../hostscore/v1/UnitProblem.js';

/**
 * The policy units of a service.
 */
export interface ListPolicyUnitsResponse {
  /**
   * Every unit that the service offers, in an order that does not change between calls. MUST name each type and name
   * once.
   */
  'policy_units'?: (_hostscore_v1_PolicyUnit)[];
  /**
   * Things that would be units and are none. Empty when the service has no problem.
   */
  'problems'?: (_hostscore_v1_UnitProblem)[];
  /**
   * True if the service has an inventory of the engine, and so answers requests with `all_hosts`. Default: false.
   */
  'has_inventory'?: (boolean);
  /**
   * True while more units are on their way, such as those of plugins that are being imported: an answer to a caller that
   * asks again soon has more. Default: false.
   */
  'incomplete'?: (boolean);
}

/**
 * The policy units of a service.
 */
export interface ListPolicyUnitsResponse__Output {
  /**
   * Every unit that the service offers, in an order that does not change between calls. MUST name each type and name
   * once.
   */
  'policy_units': (_hostscore_v1_PolicyUnit__Output)[];
  /**
   * Things that would be units and are none. Empty when the service has no problem.
   */
  'problems': (_hostscore_v1_UnitProblem__Output)[];
  /**
   * True if the service has an inventory of the engine, and so answers requests with `all_hosts`. Default: false.
   */
  'has_inventory': (boolean);
  /**
   * True while more units are on their way, such as those of plugins that are being imported: an answer to a caller that
   * asks again soon has more. Default: false.
   */
  'incomplete': (boolean);
}
