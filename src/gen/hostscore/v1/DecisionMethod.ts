// Original file: proto/hostscore/v1/decision_service.proto

/**
 * The question of a call.
 */
export const DecisionMethod = {
  /**
   * Never sent in an answer. In a request: any.
   */
  DECISION_METHOD_UNSPECIFIED: 'DECISION_METHOD_UNSPECIFIED',
  /**
   * The hosts that may run a virtual machine: FilterHosts, or runFilters of an engine.
   */
  DECISION_METHOD_FILTER_HOSTS: 'DECISION_METHOD_FILTER_HOSTS',
  /**
   * The scores of hosts: ScoreHosts, a request of StreamScoreHosts, or runCostFunctions of an engine.
   */
  DECISION_METHOD_SCORE_HOSTS: 'DECISION_METHOD_SCORE_HOSTS',
  /**
   * A migration that improves the balance: BalanceHosts, or runLoadBalancing of an engine.
   */
  DECISION_METHOD_BALANCE_HOSTS: 'DECISION_METHOD_BALANCE_HOSTS',
} as const;

/**
 * The question of a call.
 */
export type DecisionMethod =
  /**
   * Never sent in an answer. In a request: any.
   */
  | 'DECISION_METHOD_UNSPECIFIED'
  | 0
  /**
   * The hosts that may run a virtual machine: FilterHosts, or runFilters of an engine.
   */
  | 'DECISION_METHOD_FILTER_HOSTS'
  | 1
  /**
   * The scores of hosts: ScoreHosts, a request of StreamScoreHosts, or runCostFunctions of an engine.
   */
  | 'DECISION_METHOD_SCORE_HOSTS'
  | 2
  /**
   * A migration that improves the balance: BalanceHosts, or runLoadBalancing of an engine.
   */
  | 'DECISION_METHOD_BALANCE_HOSTS'
  | 3

/**
 * The question of a call.
 */
export type DecisionMethod__Output = typeof DecisionMethod[keyof typeof DecisionMethod]
