// Original file: proto/hostscore/v1/decision_service.proto

import type { ShadowReport as _hostscore_v1_ShadowReport, ShadowReport__Output as _hostscore_v1_ShadowReport__Output } from '../../hostscore/v1/ShadowReport.js';

/**
 * A report on shadows.
 */
export interface ReportShadowsResponse {
  /**
   * By shadow and policy, in the order of names; of one name the latest policy first.
   */
  'shadows'?: (_hostscore_v1_ShadowReport)[];
  /**
   * True when the service stopped before it had looked at all: the counts are of the newest.
   */
  'partial'?: (boolean);
  /**
   * Process that answered. MUST be sent.
   */
  'process'?: (string);
  /**
   * Names of the shadows that run now.
   */
  'running'?: (string)[];
}

/**
 * A report on shadows.
 */
export interface ReportShadowsResponse__Output {
  /**
   * By shadow and policy, in the order of names; of one name the latest policy first.
   */
  'shadows': (_hostscore_v1_ShadowReport__Output)[];
  /**
   * True when the service stopped before it had looked at all: the counts are of the newest.
   */
  'partial': (boolean);
  /**
   * Process that answered. MUST be sent.
   */
  'process': (string);
  /**
   * Names of the shadows that run now.
   */
  'running': (string)[];
}
