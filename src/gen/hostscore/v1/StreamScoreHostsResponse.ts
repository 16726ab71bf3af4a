// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { ScoreHostsResponse as _hostscore_v1_ScoreHostsResponse, ScoreHostsResponse__Output as _hostscore_v1_ScoreHostsResponse__Output } from '../../hostscore/v1/ScoreHostsResponse.js';
import type { Failure as _hostscore_v1_Failure, Failure__Output as _hostscore_v1_Failure__Output } from '../../hostscore/v1/Failure.js';

/**
 * The answer to one request of a stream.
 */
export interface StreamScoreHostsResponse {
  /**
   * Id of the request, or the id that the service made for a request without one. MUST be set.
   */
  'request_id'?: (string);
  /**
   * Answer, as ScoreHosts gives it.
   */
  'response'?: (_hostscore_v1_ScoreHostsResponse | null);
  /**
   * Failure, when the service has no answer to this request. The stream goes on.
   */
  'failure'?: (_hostscore_v1_Failure | null);
  /**
   * Answer or failure. MUST be set.
   */
  'outcome'?: "response"|"failure";
}

/**
 * The answer to one request of a stream.
 */
export interface StreamScoreHostsResponse__Output {
  /**
   * Id of the request, or the id that the service made for a request without one. MUST be set.
   */
  'request_id': (string);
  /**
   * Answer, as ScoreHosts gives it.
   */
  'response'?: (_hostscore_v1_ScoreHostsResponse__Output | null);
  /**
   * Failure, when the service has no answer to this request. The stream goes on.
   */
  'failure'?: (_hostscore_v1_Failure__Output | null);
  /**
   * Answer or failure. MUST be set.
   */
  'outcome'?: "response"|"failure";
}
