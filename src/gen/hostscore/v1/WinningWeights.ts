// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Weights of a unit with which one host wins while all other weights stay.
 */
export interface WinningWeights {
  /**
   * Host that wins, as a lower-case id. MUST be set.
   */
  'host_id'?: (string);
  /**
   * First weight.
   */
  'from'?: (number | string | Long);
  /**
   * Last weight. Absent: all weights from the first on.
   */
  'to'?: (number | string | Long);
  '_from'?: "from";
  '_to'?: "to";
}

/**
 * Weights of a unit with which one host wins while all other weights stay.
 */
export interface WinningWeights__Output {
  /**
   * Host that wins, as a lower-case id. MUST be set.
   */
  'host_id': (string);
  /**
   * First weight.
   */
  'from'?: (number);
  /**
   * Last weight. Absent: all weights from the first on.
   */
  'to'?: (number);
  '_from'?: "from";
  '_to'?: "to";
}
