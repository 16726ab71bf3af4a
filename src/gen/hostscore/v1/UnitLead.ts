// Original file: proto/hostscore/v1/decision_service.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Points by which the winner leads another host in a unit: weight times the difference of values. Negative: it trails.
 */
export interface UnitLead {
  /**
   * Name of the unit. MUST be set.
   */
  'unit'?: (string);
  /**
   * Points.
   */
  'points'?: (number | string | Long);
  '_points'?: "points";
}

/**
 * Points by which the winner leads another host in a unit: weight times the difference of values. Negative: it trails.
 */
export interface UnitLead__Output {
  /**
   * Name of the unit. MUST be set.
   */
  'unit': (string);
  /**
   * Points.
   */
  'points'?: (number);
  '_points'?: "points";
}
