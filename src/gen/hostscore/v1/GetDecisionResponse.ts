// Original file: proto/hostscore/v1/decision_service.proto

import type { Decision as _hostscore_v1_Decision, Decision__Output as _hostscore_v1_Decision__Output } from '../../hostscore/v1/Decision.js';

/**
 * One decision.
 */
export interface GetDecisionResponse {
  /**
   * Decision, whole. MUST be sent.
   */
  'decision'?: (_hostscore_v1_Decision | null);
  /**
   * Process that answered. MUST be sent.
   */
  'process'?: (string);
}

/**
 * One decision.
 */
export interface GetDecisionResponse__Output {
  /**
   * Decision, whole. MUST be sent.
   */
  'decision': (_hostscore_v1_Decision__Output | null);
  /**
   * Process that answered. MUST be sent.
   */
  'process': (string);
}
