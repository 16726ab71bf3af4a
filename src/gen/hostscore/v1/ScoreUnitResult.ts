// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { UnitScores as _hostscore_v1_UnitScores, UnitScores__Output as _hostscore_v1_UnitScores__Output } from '../../hostscore/v1/UnitScores.js';
import type { Failure as _hostscore_v1_Failure, Failure__Output as _hostscore_v1_Failure__Output } from '../../hostscore/v1/Failure.js';
import type { Direction as _hostscore_v1_Direction, Direction__Output as _hostscore_v1_Direction__Output } from '../../hostscore/v1/Direction.js';

/**
 * The result of one score unit.
 */
export interface ScoreUnitResult {
  /**
   * Name of the unit. MUST be the name in the request.
   */
  'unit'?: (string);
  /**
   * Values, when the unit answered for every host.
   */
  'scores'?: (_hostscore_v1_UnitScores | null);
  /**
   * Failure, when the unit has no value for at least one host. The unit then counts in no sum.
   */
  'failure'?: (_hostscore_v1_Failure | null);
  /**
   * Meaning of the values. When left out, a reader takes the direction that ListPolicyUnits gives for the unit. A
   * composite sends it for every unit that answered.
   */
  'direction'?: (_hostscore_v1_Direction);
  /**
   * Values for every host, or a failure. MUST be set.
   */
  'outcome'?: "scores"|"failure";
}

/**
 * The result of one score unit.
 */
export interface ScoreUnitResult__Output {
  /**
   * Name of the unit. MUST be the name in the request.
   */
  'unit': (string);
  /**
   * Values, when the unit answered for every host.
   */
  'scores'?: (_hostscore_v1_UnitScores__Output | null);
  /**
   * Failure, when the unit has no value for at least one host. The unit then counts in no sum.
   */
  'failure'?: (_hostscore_v1_Failure__Output | null);
  /**
   * Meaning of the values. When left out, a reader takes the direction that ListPolicyUnits gives for the unit. A
   * composite sends it for every unit that answered.
   */
  'direction': (_hostscore_v1_Direction__Output);
  /**
   * Values for every host, or a failure. MUST be set.
   */
  'outcome'?: "scores"|"failure";
}
