// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { Reason as _hostscore_v1_Reason, Reason__Output as _hostscore_v1_Reason__Output } from '../../hostscore/v1/Reason.js';

/**
 * The score of one host.
 */
export interface HostScore {
  /**
   * Host, as a lower-case id. MUST be set.
   */
  'host_id'?: (string);
  /**
   * Sum over the answering units of weight times score, 0 or more. Higher is better.
   * 
   * The values of a LOWER_IS_BETTER unit enter the sum as 100 x (max - value) / (max - min) over the hosts of this
   * request, rounded down, or as 100 when all values are equal.
   * 
   * A service may leave the sum out. Whoever combines or shows the answer then computes it from `unit_results` by the
   * same formula. A composite always computes it, and sends it for every host.
   */
  'score'?: (number);
  /**
   * Name of the host. Only with `explain` or `explain_top`. A service without an inventory leaves it out.
   */
  'host_name'?: (string);
  /**
   * One reason for each unit that answered, in the order of the units. Only with `explain` or `explain_top`. A service
   * may leave out the reason of any unit.
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
   * Host, as a lower-case id. MUST be set.
   */
  'host_id': (string);
  /**
   * Sum over the answering units of weight times score, 0 or more. Higher is better.
   * 
   * The values of a LOWER_IS_BETTER unit enter the sum as 100 x (max - value) / (max - min) over the hosts of this
   * request, rounded down, or as 100 when all values are equal.
   * 
   * A service may leave the sum out. Whoever combines or shows the answer then computes it from `unit_results` by the
   * same formula. A composite always computes it, and sends it for every host.
   */
  'score'?: (number);
  /**
   * Name of the host. Only with `explain` or `explain_top`. A service without an inventory leaves it out.
   */
  'host_name'?: (string);
  /**
   * One reason for each unit that answered, in the order of the units. Only with `explain` or `explain_top`. A service
   * may leave out the reason of any unit.
   */
  'reasons': (_hostscore_v1_Reason__Output)[];
  '_score'?: "score";
  '_host_name'?: "host_name";
}
