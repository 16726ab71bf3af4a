// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { UnitScores as _hostscore_v1_UnitScores, UnitScores__Output as _hostscore_v1_UnitScores__Output } from './UnitScores.js';
import type { Failure as _hostscore_v1_Failure, Failure__Output as _hostscore_v1_Failure__Output } from './Failure.js';

/**
 * What came of one score unit.
 */
export interface ScoreUnitResult {
  /**
   * Name of the unit as it was asked for.
   */
  'unit'?: (string);
  /**
   * The unit answered for every host.
   */
  'scores'?: (_hostscore_v1_UnitScores | null);
  /**
   * The unit did not answer. It counts in no sum.
   */
  'failure'?: (_hostscore_v1_Failure | null);
  /**
   * Either values for every host, or a failure.
   */
  'outcome'?: "scores"|"failure";
}

/**
 * What came of one score unit.
 */
export interface ScoreUnitResult__Output {
  /**
   * Name of the unit as it was asked for.
   */
  'unit': (string);
  /**
   * The unit answered for every host.
   */
  'scores'?: (_hostscore_v1_UnitScores__Output | null);
  /**
   * The unit did not answer. It counts in no sum.
   */
  'failure'?: (_hostscore_v1_Failure__Output | null);
  /**
   * Either values for every host, or a failure.
   */
  'outcome'?: "scores"|"failure";
}
