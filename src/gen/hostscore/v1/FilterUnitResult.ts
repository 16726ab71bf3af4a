// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { AcceptedHosts as _hostscore_v1_AcceptedHosts, AcceptedHosts__Output as _hostscore_v1_AcceptedHosts__Output } from './AcceptedHosts.js';
import type { Failure as _hostscore_v1_Failure, Failure__Output as _hostscore_v1_Failure__Output } from './Failure.js';

/**
 * What came of one filter unit.
 */
export interface FilterUnitResult {
  /**
   * Name of the unit as it was asked for.
   */
  'unit'?: (string);
  /**
   * The filter answered.
   */
  'accepted'?: (_hostscore_v1_AcceptedHosts | null);
  /**
   * The filter did not answer. It rejects no host.
   */
  'failure'?: (_hostscore_v1_Failure | null);
  /**
   * Either the accepted hosts, or a failure.
   */
  'outcome'?: "accepted"|"failure";
}

/**
 * What came of one filter unit.
 */
export interface FilterUnitResult__Output {
  /**
   * Name of the unit as it was asked for.
   */
  'unit': (string);
  /**
   * The filter answered.
   */
  'accepted'?: (_hostscore_v1_AcceptedHosts__Output | null);
  /**
   * The filter did not answer. It rejects no host.
   */
  'failure'?: (_hostscore_v1_Failure__Output | null);
  /**
   * Either the accepted hosts, or a failure.
   */
  'outcome'?: "accepted"|"failure";
}
