// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { WinningWeights as _hostscore_v1_WinningWeights, WinningWeights__Output as _hostscore_v1_WinningWeights__Output } from '../../hostscore/v1/WinningWeights.js';
import type { Long } from '@grpc/proto-loader';

/**
 * What the weight of one unit does to the choice of the best host.
 */
export interface UnitCounterfactual {
  /**
   * Name of the unit. MUST be set.
   */
  'unit'?: (string);
  /**
   * Weight of the unit in the request.
   */
  'weight'?: (number | string | Long);
  /**
   * Who wins with which weight, ascending from 0 on without a gap. Hosts with equal sums win in the order of the answer.
   */
  'weights'?: (_hostscore_v1_WinningWeights)[];
  '_weight'?: "weight";
}

/**
 * What the weight of one unit does to the choice of the best host.
 */
export interface UnitCounterfactual__Output {
  /**
   * Name of the unit. MUST be set.
   */
  'unit': (string);
  /**
   * Weight of the unit in the request.
   */
  'weight'?: (number);
  /**
   * Who wins with which weight, ascending from 0 on without a gap. Hosts with equal sums win in the order of the answer.
   */
  'weights': (_hostscore_v1_WinningWeights__Output)[];
  '_weight'?: "weight";
}
