// Original file: proto/hostscore/v1/decision_service.proto

import type { DecidedHost as _hostscore_v1_DecidedHost, DecidedHost__Output as _hostscore_v1_DecidedHost__Output } from '../../hostscore/v1/DecidedHost.js';

/**
 * A host that a filter rejected.
 */
export interface ExplainedRejection {
  /**
   * Host. MUST be set.
   */
  'host'?: (_hostscore_v1_DecidedHost | null);
  /**
   * Filter that rejected it. MUST be set.
   */
  'unit'?: (string);
  /**
   * Filter's own words. Empty: they were not kept.
   */
  'reason'?: (string);
}

/**
 * A host that a filter rejected.
 */
export interface ExplainedRejection__Output {
  /**
   * Host. MUST be set.
   */
  'host': (_hostscore_v1_DecidedHost__Output | null);
  /**
   * Filter that rejected it. MUST be set.
   */
  'unit': (string);
  /**
   * Filter's own words. Empty: they were not kept.
   */
  'reason': (string);
}
