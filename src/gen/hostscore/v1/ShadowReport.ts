// Original file: proto/hostscore/v1/decision_service.proto

import type { ShadowCounts as _hostscore_v1_ShadowCounts, ShadowCounts__Output as _hostscore_v1_ShadowCounts__Output } from '../../hostscore/v1/ShadowCounts.js';
import type { ShadowGroup as _hostscore_v1_ShadowGroup, ShadowGroup__Output as _hostscore_v1_ShadowGroup__Output } from '../../hostscore/v1/ShadowGroup.js';

/**
 * Differences of one shadow, under one policy.
 */
export interface ShadowReport {
  /**
   * Name of the shadow.
   */
  'shadow'?: (string);
  /**
   * All decisions.
   */
  'total'?: (_hostscore_v1_ShadowCounts | null);
  /**
   * By operating system, most decisions first.
   */
  'by_os'?: (_hostscore_v1_ShadowGroup)[];
  /**
   * By cluster, most decisions first.
   */
  'by_cluster'?: (_hostscore_v1_ShadowGroup)[];
  /**
   * Hash of the policy, as in the results. Empty: the shadow is a service.
   */
  'policy_hash'?: (string);
}

/**
 * Differences of one shadow, under one policy.
 */
export interface ShadowReport__Output {
  /**
   * Name of the shadow.
   */
  'shadow': (string);
  /**
   * All decisions.
   */
  'total': (_hostscore_v1_ShadowCounts__Output | null);
  /**
   * By operating system, most decisions first.
   */
  'by_os': (_hostscore_v1_ShadowGroup__Output)[];
  /**
   * By cluster, most decisions first.
   */
  'by_cluster': (_hostscore_v1_ShadowGroup__Output)[];
  /**
   * Hash of the policy, as in the results. Empty: the shadow is a service.
   */
  'policy_hash': (string);
}
