// Original file: proto/hostscore/v1/decision_service.proto

import type { Decision as _hostscore_v1_Decision, Decision__Output as _hostscore_v1_Decision__Output } from '../../hostscore/v1/Decision.js';

/**
 * One page of decisions.
 */
export interface ListDecisionsResponse {
  /**
   * Decisions, the newest first.
   */
  'decisions'?: (_hostscore_v1_Decision)[];
  /**
   * Token of the next page. Empty: this page is the last. A page may be short or empty and still not be the last, since the
   * service looks at a limited number of decisions for each.
   */
  'next_page_token'?: (string);
  /**
   * Process that answered, such as its machine and where it listens. MUST be sent.
   */
  'process'?: (string);
}

/**
 * One page of decisions.
 */
export interface ListDecisionsResponse__Output {
  /**
   * Decisions, the newest first.
   */
  'decisions': (_hostscore_v1_Decision__Output)[];
  /**
   * Token of the next page. Empty: this page is the last. A page may be short or empty and still not be the last, since the
   * service looks at a limited number of decisions for each.
   */
  'next_page_token': (string);
  /**
   * Process that answered, such as its machine and where it listens. MUST be sent.
   */
  'process': (string);
}
