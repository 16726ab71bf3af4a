// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { AcceptedHosts as _hostscore_v1_AcceptedHosts, AcceptedHosts__Output as _hostscore_v1_AcceptedHosts__Output } from '../../hostscore/v1/AcceptedHosts.js';
import type { Failure as _hostscore_v1_Failure, Failure__Output as _hostscore_v1_Failure__Output } from '../../hostscore/v1/Failure.js';
import type { RejectedHost as _hostscore_v1_RejectedHost, RejectedHost__Output as _hostscore_v1_RejectedHost__Output } from '../../hostscore/v1/RejectedHost.js';

/**
 * The result of one filter unit.
 */
export interface FilterUnitResult {
  /**
   * Name of the unit. MUST be the name in the request.
   */
  'unit'?: (string);
  /**
   * Accepted hosts, when the filter answered.
   */
  'accepted'?: (_hostscore_v1_AcceptedHosts | null);
  /**
   * Failure, when the filter has no answer. The filter then rejects no host.
   */
  'failure'?: (_hostscore_v1_Failure | null);
  /**
   * Hosts of the request that are not in `accepted`, each at most once, with the reason. Only with `explain`, and only
   * when the filter answered. A service may leave out any host: `accepted` decides.
   */
  'rejected'?: (_hostscore_v1_RejectedHost)[];
  /**
   * Accepted hosts, or a failure. MUST be set.
   */
  'outcome'?: "accepted"|"failure";
}

/**
 * The result of one filter unit.
 */
export interface FilterUnitResult__Output {
  /**
   * Name of the unit. MUST be the name in the request.
   */
  'unit': (string);
  /**
   * Accepted hosts, when the filter answered.
   */
  'accepted'?: (_hostscore_v1_AcceptedHosts__Output | null);
  /**
   * Failure, when the filter has no answer. The filter then rejects no host.
   */
  'failure'?: (_hostscore_v1_Failure__Output | null);
  /**
   * Hosts of the request that are not in `accepted`, each at most once, with the reason. Only with `explain`, and only
   * when the filter answered. A service may leave out any host: `accepted` decides.
   */
  'rejected': (_hostscore_v1_RejectedHost__Output)[];
  /**
   * Accepted hosts, or a failure. MUST be set.
   */
  'outcome'?: "accepted"|"failure";
}
