// Original file: proto/hostscore/v1/decision_service.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Whether callers follow the order of one unit. Counted are decisions that landed on a ranked host and in which the unit
 * gave at least two hosts different values.
 */
export interface UnitAgreement {
  /**
   * Name of the unit.
   */
  'unit'?: (string);
  /**
   * Decisions.
   */
  'decisions'?: (number | string | Long);
  /**
   * Those in which the host is one of the unit's own best.
   */
  'best'?: (number | string | Long);
  /**
   * Those that would have been so if the host had been drawn by lot: the sum of the shares of best hosts.
   */
  'expected_by_chance'?: (number | string);
  /**
   * True when there were enough decisions to tell, and callers follow the unit no more often than by chance.
   */
  'never_followed'?: (boolean);
}

/**
 * Whether callers follow the order of one unit. Counted are decisions that landed on a ranked host and in which the unit
 * gave at least two hosts different values.
 */
export interface UnitAgreement__Output {
  /**
   * Name of the unit.
   */
  'unit': (string);
  /**
   * Decisions.
   */
  'decisions': (number);
  /**
   * Those in which the host is one of the unit's own best.
   */
  'best': (number);
  /**
   * Those that would have been so if the host had been drawn by lot: the sum of the shares of best hosts.
   */
  'expected_by_chance': (number);
  /**
   * True when there were enough decisions to tell, and callers follow the unit no more often than by chance.
   */
  'never_followed': (boolean);
}
