// Original file: proto/hostscore/v1/decision_service.proto

import type { Decision as _hostscore_v1_Decision, Decision__Output as _hostscore_v1_Decision__Output } from '../../hostscore/v1/Decision.js';
import type { Explanation as _hostscore_v1_Explanation, Explanation__Output as _hostscore_v1_Explanation__Output } from '../../hostscore/v1/Explanation.js';

/**
 * An explained decision.
 */
export interface ExplainDecisionResponse {
  /**
   * Decision, whole. MUST be sent.
   */
  'decision'?: (_hostscore_v1_Decision | null);
  /**
   * Explanation. MUST be sent.
   */
  'explanation'?: (_hostscore_v1_Explanation | null);
  /**
   * Process that answered. MUST be sent.
   */
  'process'?: (string);
}

/**
 * An explained decision.
 */
export interface ExplainDecisionResponse__Output {
  /**
   * Decision, whole. MUST be sent.
   */
  'decision': (_hostscore_v1_Decision__Output | null);
  /**
   * Explanation. MUST be sent.
   */
  'explanation': (_hostscore_v1_Explanation__Output | null);
  /**
   * Process that answered. MUST be sent.
   */
  'process': (string);
}
