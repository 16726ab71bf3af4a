// Original file: proto/hostscore/v1/decision_service.proto

import type { ShadowCounts as _hostscore_v1_ShadowCounts, ShadowCounts__Output as _hostscore_v1_ShadowCounts__Output } from '../../hostscore/v1/ShadowCounts.js';

/**
 * How a shadow differs for one group of virtual machines.
 */
export interface ShadowGroup {
  /**
   * Operating system, or cluster, of the group. Empty: unknown.
   */
  'name'?: (string);
  /**
   * Counts.
   */
  'counts'?: (_hostscore_v1_ShadowCounts | null);
}

/**
 * How a shadow differs for one group of virtual machines.
 */
export interface ShadowGroup__Output {
  /**
   * Operating system, or cluster, of the group. Empty: unknown.
   */
  'name': (string);
  /**
   * Counts.
   */
  'counts': (_hostscore_v1_ShadowCounts__Output | null);
}
