// Original file: proto/hostscore/v1/decision_service.proto

import type { Long } from '@grpc/proto-loader';

/**
 * How a shadow differs, over some decisions.
 */
export interface ShadowCounts {
  /**
   * Calls for scores that were compared.
   */
  'compared'?: (number | string | Long);
  /**
   * Those with another winner.
   */
  'winner_changed'?: (number | string | Long);
  /**
   * Mean of Kendall's tau-b. Absent: no decision has one.
   */
  'mean_tau'?: (number | string);
  /**
   * Mean number of hosts among the best five of both.
   */
  'mean_top_overlap'?: (number | string);
  /**
   * Mean of the points by which the shadow's best host is behind ours.
   */
  'mean_regret'?: (number | string);
  /**
   * Decisions for which the shadow failed.
   */
  'failed'?: (number | string | Long);
  /**
   * Calls for filters that were compared.
   */
  'filters_compared'?: (number | string | Long);
  /**
   * Those for which the shadow leaves other hosts.
   */
  'filters_changed'?: (number | string | Long);
  '_mean_tau'?: "mean_tau";
  '_mean_top_overlap'?: "mean_top_overlap";
  '_mean_regret'?: "mean_regret";
}

/**
 * How a shadow differs, over some decisions.
 */
export interface ShadowCounts__Output {
  /**
   * Calls for scores that were compared.
   */
  'compared': (number);
  /**
   * Those with another winner.
   */
  'winner_changed': (number);
  /**
   * Mean of Kendall's tau-b. Absent: no decision has one.
   */
  'mean_tau'?: (number);
  /**
   * Mean number of hosts among the best five of both.
   */
  'mean_top_overlap'?: (number);
  /**
   * Mean of the points by which the shadow's best host is behind ours.
   */
  'mean_regret'?: (number);
  /**
   * Decisions for which the shadow failed.
   */
  'failed': (number);
  /**
   * Calls for filters that were compared.
   */
  'filters_compared': (number);
  /**
   * Those for which the shadow leaves other hosts.
   */
  'filters_changed': (number);
  '_mean_tau'?: "mean_tau";
  '_mean_top_overlap'?: "mean_top_overlap";
  '_mean_regret'?: "mean_regret";
}
