// Original file: proto/hostscore/v1/decision_service.proto

import type { Long } from '@grpc/proto-loader';

/**
 * A comparison of a decision with the answer of a shadow.
 */
export interface ShadowResult {
  /**
   * Name of the shadow in the configuration. MUST be set.
   */
  'shadow'?: (string);
  /**
   * Best host of the shadow, as a lower-case id. Empty: it has none.
   */
  'winner_host_id'?: (string);
  /**
   * True when it is another one than that of the decision; of filters, when the shadow leaves other hosts.
   */
  'winner_changed'?: (boolean);
  /**
   * Kendall's tau-b of the two rankings, from -1 (reversed) to 1 (the same order). Absent: one of them has no order.
   */
  'tau'?: (number | string);
  /**
   * Number of hosts among the best five of both.
   */
  'top_overlap'?: (number);
  /**
   * Points by which the best host of the shadow is behind the best of the decision, by the totals of the decision.
   */
  'regret'?: (number | string | Long);
  /**
   * True when the shadow answered from another snapshot.
   */
  'other_snapshot'?: (boolean);
  /**
   * Reason why there is nothing to compare. Empty: there is.
   */
  'failure'?: (string);
  /**
   * Hash of the policy of the shadow. Empty: the shadow is a service, or the result is of before the field.
   */
  'policy_hash'?: (string);
  '_tau'?: "tau";
  '_top_overlap'?: "top_overlap";
  '_regret'?: "regret";
}

/**
 * A comparison of a decision with the answer of a shadow.
 */
export interface ShadowResult__Output {
  /**
   * Name of the shadow in the configuration. MUST be set.
   */
  'shadow': (string);
  /**
   * Best host of the shadow, as a lower-case id. Empty: it has none.
   */
  'winner_host_id': (string);
  /**
   * True when it is another one than that of the decision; of filters, when the shadow leaves other hosts.
   */
  'winner_changed': (boolean);
  /**
   * Kendall's tau-b of the two rankings, from -1 (reversed) to 1 (the same order). Absent: one of them has no order.
   */
  'tau'?: (number);
  /**
   * Number of hosts among the best five of both.
   */
  'top_overlap'?: (number);
  /**
   * Points by which the best host of the shadow is behind the best of the decision, by the totals of the decision.
   */
  'regret'?: (number);
  /**
   * True when the shadow answered from another snapshot.
   */
  'other_snapshot': (boolean);
  /**
   * Reason why there is nothing to compare. Empty: there is.
   */
  'failure': (string);
  /**
   * Hash of the policy of the shadow. Empty: the shadow is a service, or the result is of before the field.
   */
  'policy_hash': (string);
  '_tau'?: "tau";
  '_top_overlap'?: "top_overlap";
  '_regret'?: "regret";
}
