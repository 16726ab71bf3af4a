// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { Reason as _hostscore_v1_Reason, Reason__Output as _hostscore_v1_Reason__Output } from './Reason.js';

/**
 * The score of one host.
 */
export interface HostScore {
  /**
   * Host, as an id in lower case.
   */
  'host_id'?: (string);
  /**
   * Sum over the answering units of weight times score; higher is better. A unit whose values are raw costs enters with
   * 100 x (max - value) / (max - min) over the hosts of this request, rounded down, or 100 when all are equal.
   */
  'score'?: (number);
  /**
   * Name of the host. Only with `explain`.
   */
  'host_name'?: (string);
  /**
   * One reason for each unit that answered, in the order of the units. Only with `explain`.
   */
  'reasons'?: (_hostscore_v1_Reason)[];
  '_score'?: "score";
  '_host_name'?: "host_name";
}

/**
 * The score of one host.
 */
export interface HostScore__Output {
  /**
   * Host, as an id in lower case.
   */
  'host_id': (string);
  /**
   * Sum over the answering units of weight times score; higher is better. A unit whose values are raw costs enters with
   * 100 x (max - value) / (max - min) over the hosts of this request, rounded down, or 100 when all are equal.
   */
  'score'?: (number);
  /**
   * Name of the host. Only with `explain`.
   */
  'host_name'?: (string);
  /**
   * One reason for each unit that answered, in the order of the units. Only with `explain`.
   */
  'reasons': (_hostscore_v1_Reason__Output)[];
  '_score'?: "score";
  '_host_name'?: "host_name";
}
