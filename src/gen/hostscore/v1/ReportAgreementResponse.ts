// Original file: proto/hostscore/v1/decision_service.proto

import type { AgreementCounts as _hostscore_v1_AgreementCounts, AgreementCounts__Output as _hostscore_v1_AgreementCounts__Output } from '../../hostscore/v1/AgreementCounts.js';
import type { PolicyAgreement as _hostscore_v1_PolicyAgreement, PolicyAgreement__Output as _hostscore_v1_PolicyAgreement__Output } from '../../hostscore/v1/PolicyAgreement.js';
import type { UnitAgreement as _hostscore_v1_UnitAgreement, UnitAgreement__Output as _hostscore_v1_UnitAgreement__Output } from '../../hostscore/v1/UnitAgreement.js';

/**
 * A report on outcomes.
 */
export interface ReportAgreementResponse {
  /**
   * All of them.
   */
  'total'?: (_hostscore_v1_AgreementCounts | null);
  /**
   * By policy, most decisions first.
   */
  'policies'?: (_hostscore_v1_PolicyAgreement)[];
  /**
   * By unit, most decisions first.
   */
  'units'?: (_hostscore_v1_UnitAgreement)[];
  /**
   * True when the service stopped before it had looked at all: the counts are of the newest.
   */
  'partial'?: (boolean);
  /**
   * Process that answered. MUST be sent.
   */
  'process'?: (string);
}

/**
 * A report on outcomes.
 */
export interface ReportAgreementResponse__Output {
  /**
   * All of them.
   */
  'total': (_hostscore_v1_AgreementCounts__Output | null);
  /**
   * By policy, most decisions first.
   */
  'policies': (_hostscore_v1_PolicyAgreement__Output)[];
  /**
   * By unit, most decisions first.
   */
  'units': (_hostscore_v1_UnitAgreement__Output)[];
  /**
   * True when the service stopped before it had looked at all: the counts are of the newest.
   */
  'partial': (boolean);
  /**
   * Process that answered. MUST be sent.
   */
  'process': (string);
}
