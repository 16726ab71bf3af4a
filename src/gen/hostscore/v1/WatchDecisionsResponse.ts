// Original file: proto/hostscore/v1/decision_service.proto

import type { Decision as _hostscore_v1_Decision, Decision__Output as _hostscore_v1_Decision__Output } from '../../hostscore/v1/Decision.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A decision that was made, or that got its outcome.
 */
export interface WatchDecisionsResponse {
  /**
   * Decision. MUST be sent.
   */
  'decision'?: (_hostscore_v1_Decision | null);
  /**
   * Number of decisions since the last answer that the caller read too slowly for.
   */
  'missed'?: (number | string | Long);
  /**
   * Process that answered. MUST be sent.
   */
  'process'?: (string);
}

/**
 * A decision that was made, or that got its outcome.
 */
export interface WatchDecisionsResponse__Output {
  /**
   * Decision. MUST be sent.
   */
  'decision': (_hostscore_v1_Decision__Output | null);
  /**
   * Number of decisions since the last answer that the caller read too slowly for.
   */
  'missed': (number);
  /**
   * Process that answered. MUST be sent.
   */
  'process': (string);
}
