// Original file: proto/hostscore/v1/decision_service.proto

import type { Direction as _hostscore_v1_Direction, Direction__Output as _hostscore_v1_Direction__Output } from '../../hostscore/v1/Direction.js';

/**
 * The scores or raw costs of a unit.
 */
export interface DecidedValues {
  /**
   * Unweighted values, in the order of `Decision.hosts`.
   */
  'values'?: (number)[];
  /**
   * Meaning of the values.
   */
  'direction'?: (_hostscore_v1_Direction);
}

/**
 * The scores or raw costs of a unit.
 */
export interface DecidedValues__Output {
  /**
   * Unweighted values, in the order of `Decision.hosts`.
   */
  'values': (number)[];
  /**
   * Meaning of the values.
   */
  'direction': (_hostscore_v1_Direction__Output);
}
