// Original file: proto/hostscore/v1/decision_service.proto

import type { DecidedValues as _hostscore_v1_DecidedValues, DecidedValues__Output as _hostscore_v1_DecidedValues__Output } from '../../hostscore/v1/DecidedValues.js';
import type { DecidedVerdicts as _hostscore_v1_DecidedVerdicts, DecidedVerdicts__Output as _hostscore_v1_DecidedVerdicts__Output } from '../../hostscore/v1/DecidedVerdicts.js';
import type { Failure as _hostscore_v1_Failure, Failure__Output as _hostscore_v1_Failure__Output } from '../../hostscore/v1/Failure.js';

/**
 * A unit of a decision and its result.
 */
export interface DecidedUnit {
  /**
   * Name of the unit. MUST be set.
   */
  'unit'?: (string);
  /**
   * Factor that the caller had for the unit; 1 for a filter.
   */
  'weight'?: (number);
  /**
   * Values, of a score unit.
   */
  'scores'?: (_hostscore_v1_DecidedValues | null);
  /**
   * Verdicts, of a filter.
   */
  'filtered'?: (_hostscore_v1_DecidedVerdicts | null);
  /**
   * Failure. The unit then counted nowhere.
   */
  'failure'?: (_hostscore_v1_Failure | null);
  '_weight'?: "weight";
  /**
   * Result. MUST be set in a whole decision.
   */
  'outcome'?: "scores"|"filtered"|"failure";
}

/**
 * A unit of a decision and its result.
 */
export interface DecidedUnit__Output {
  /**
   * Name of the unit. MUST be set.
   */
  'unit': (string);
  /**
   * Factor that the caller had for the unit; 1 for a filter.
   */
  'weight'?: (number);
  /**
   * Values, of a score unit.
   */
  'scores'?: (_hostscore_v1_DecidedValues__Output | null);
  /**
   * Verdicts, of a filter.
   */
  'filtered'?: (_hostscore_v1_DecidedVerdicts__Output | null);
  /**
   * Failure. The unit then counted nowhere.
   */
  'failure'?: (_hostscore_v1_Failure__Output | null);
  '_weight'?: "weight";
  /**
   * Result. MUST be set in a whole decision.
   */
  'outcome'?: "scores"|"filtered"|"failure";
}
