// Original file: proto/hostscore/v1/policy_unit_service.proto

/**
 * The type of a policy unit. oVirt calls the three types filter, weight and load balancer.
 */
export const PolicyUnitType = {
  /**
   * Unknown. A service never sends it.
   */
  POLICY_UNIT_TYPE_UNSPECIFIED: 'POLICY_UNIT_TYPE_UNSPECIFIED',
  /**
   * Accepts or rejects each host for a virtual machine. FilterHosts runs it.
   */
  POLICY_UNIT_TYPE_FILTER: 'POLICY_UNIT_TYPE_FILTER',
  /**
   * Gives each host a number for a virtual machine. ScoreHosts runs it.
   */
  POLICY_UNIT_TYPE_SCORE: 'POLICY_UNIT_TYPE_SCORE',
  /**
   * Proposes a migration. BalanceHosts runs it.
   */
  POLICY_UNIT_TYPE_BALANCE: 'POLICY_UNIT_TYPE_BALANCE',
} as const;

/**
 * The type of a policy unit. oVirt calls the three types filter, weight and load balancer.
 */
export type PolicyUnitType =
  /**
   * Unknown. A service never sends it.
   */
  | 'POLICY_UNIT_TYPE_UNSPECIFIED'
  | 0
  /**
   * Accepts or rejects each host for a virtual machine. FilterHosts runs it.
   */
  | 'POLICY_UNIT_TYPE_FILTER'
  | 1
  /**
   * Gives each host a number for a virtual machine. ScoreHosts runs it.
   */
  | 'POLICY_UNIT_TYPE_SCORE'
  | 2
  /**
   * Proposes a migration. BalanceHosts runs it.
   */
  | 'POLICY_UNIT_TYPE_BALANCE'
  | 3

/**
 * The type of a policy unit. oVirt calls the three types filter, weight and load balancer.
 */
export type PolicyUnitType__Output = typeof PolicyUnitType[keyof typeof PolicyUnitType]
