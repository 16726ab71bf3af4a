// Original file: proto/hostscore/v1/decision_service.proto

import type { Long } from '@grpc/proto-loader';

/**
 * What a host lacks in one unit to win while all else stays.
 */
export interface UnitChange {
  /**
   * Name of the unit. MUST be set.
   */
  'unit'?: (string);
  /**
   * Value that the host has.
   */
  'value'?: (number | string | Long);
  /**
   * Lowest value with which it wins. Absent: no value that the unit can give would do.
   */
  'needed_value'?: (number | string | Long);
  /**
   * Weight of the unit, nearest to the one it has, with which the host wins. Absent: no weight would do.
   */
  'needed_weight'?: (number | string | Long);
  '_value'?: "value";
  '_needed_value'?: "needed_value";
  '_needed_weight'?: "needed_weight";
}

/**
 * What a host lacks in one unit to win while all else stays.
 */
export interface UnitChange__Output {
  /**
   * Name of the unit. MUST be set.
   */
  'unit': (string);
  /**
   * Value that the host has.
   */
  'value'?: (number);
  /**
   * Lowest value with which it wins. Absent: no value that the unit can give would do.
   */
  'needed_value'?: (number);
  /**
   * Weight of the unit, nearest to the one it has, with which the host wins. Absent: no weight would do.
   */
  'needed_weight'?: (number);
  '_value'?: "value";
  '_needed_value'?: "needed_value";
  '_needed_weight'?: "needed_weight";
}
