// Original file: proto/hostscore/v1/decision_service.proto

/**
 * The numbers by which hosts are ranked.
 */
export const RankingScale = {
  /**
   * The decision ranks no hosts.
   */
  RANKING_SCALE_UNSPECIFIED: 'RANKING_SCALE_UNSPECIFIED',
  /**
   * Scores of 0..100; raw costs are converted. In a tie the first host of the answer wins.
   */
  RANKING_SCALE_SCORES: 'RANKING_SCALE_SCORES',
  /**
   * Ranks, as RankSelector gives them. In a tie the first host in the order of the engine's hash map wins.
   */
  RANKING_SCALE_RANKS: 'RANKING_SCALE_RANKS',
  /**
   * Costs, negated, as BasicWeighting adds them up. In a tie as with RANKS.
   */
  RANKING_SCALE_COSTS: 'RANKING_SCALE_COSTS',
} as const;

/**
 * The numbers by which hosts are ranked.
 */
export type RankingScale =
  /**
   * The decision ranks no hosts.
   */
  | 'RANKING_SCALE_UNSPECIFIED'
  | 0
  /**
   * Scores of 0..100; raw costs are converted. In a tie the first host of the answer wins.
   */
  | 'RANKING_SCALE_SCORES'
  | 1
  /**
   * Ranks, as RankSelector gives them. In a tie the first host in the order of the engine's hash map wins.
   */
  | 'RANKING_SCALE_RANKS'
  | 2
  /**
   * Costs, negated, as BasicWeighting adds them up. In a tie as with RANKS.
   */
  | 'RANKING_SCALE_COSTS'
  | 3

/**
 * The numbers by which hosts are ranked.
 */
export type RankingScale__Output = typeof RankingScale[keyof typeof RankingScale]
