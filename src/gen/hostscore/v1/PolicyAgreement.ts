// Original file: proto/hostscore/v1/decision_service.proto

import type { AgreementCounts as _hostscore_v1_AgreementCounts, AgreementCounts__Output as _hostscore_v1_AgreementCounts__Output } from '../../hostscore/v1/AgreementCounts.js';

/**
 * Whether the callers of one policy follow it.
 */
export interface PolicyAgreement {
  /**
   * Hash of the policy.
   */
  'policy_hash'?: (string);
  /**
   * Name of the policy in the latest of the decisions. Empty: none.
   */
  'policy'?: (string);
  /**
   * Counts.
   */
  'counts'?: (_hostscore_v1_AgreementCounts | null);
}

/**
 * Whether the callers of one policy follow it.
 */
export interface PolicyAgreement__Output {
  /**
   * Hash of the policy.
   */
  'policy_hash': (string);
  /**
   * Name of the policy in the latest of the decisions. Empty: none.
   */
  'policy': (string);
  /**
   * Counts.
   */
  'counts': (_hostscore_v1_AgreementCounts__Output | null);
}
