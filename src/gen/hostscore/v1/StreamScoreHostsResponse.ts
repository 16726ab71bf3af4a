// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { ScoreHostsResponse as _hostscore_v1_ScoreHostsResponse, ScoreHostsResponse__Output as _hostscore_v1_ScoreHostsResponse__Output } from './ScoreHostsResponse.js';
import type { Failure as _hostscore_v1_Failure, Failure__Output as _hostscore_v1_Failure__Output } from './Failure.js';

/**
 * The answer to one request of a stream.
 */
export interface StreamScoreHostsResponse {
  /**
   * The request's id; the one that the service made when it had none.
   */
  'request_id'?: (string);
  /**
   * The answer, as ScoreHosts gives it.
   */
  'response'?: (_hostscore_v1_ScoreHostsResponse | null);
  /**
   * Why this request could not be answered. The stream goes on.
   */
  'failure'?: (_hostscore_v1_Failure | null);
  /**
   * Either the answer, or why there is none.
   */
  'outcome'?: "response"|"failure";
}

/**
 * The answer to one request of a stream.
 */
export interface StreamScoreHostsResponse__Output {
  /**
   * The request's id; the one that the service made when it had none.
   */
  'request_id': (string);
  /**
   * The answer, as ScoreHosts gives it.
   */
  'response'?: (_hostscore_v1_ScoreHostsResponse__Output | null);
  /**
   * Why this request could not be answered. The stream goes on.
   */
  'failure'?: (_hostscore_v1_Failure__Output | null);
  /**
   * Either the answer, or why there is none.
   */
  'outcome'?: "response"|"failure";
}
