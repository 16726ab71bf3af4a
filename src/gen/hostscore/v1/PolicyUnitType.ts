// Original file: proto/hostscore/v1/policy_unit_service.proto

/**
 * What a policy unit does. oVirt calls the same three things filter, weight and load balancer.
 */
export const PolicyUnitType = {
  /**
   * Not said. Never sent by a service.
   */
  POLICY_UNIT_TYPE_UNSPECIFIED: 'POLICY_UNIT_TYPE_UNSPECIFIED',
  /**
   * Says of each host whether the virtual machine may run there. Used by FilterHosts.
   */
  POLICY_UNIT_TYPE_FILTER: 'POLICY_UNIT_TYPE_FILTER',
  /**
   * Gives each host a number. Used by ScoreHosts.
   */
  POLICY_UNIT_TYPE_SCORE: 'POLICY_UNIT_TYPE_SCORE',
  /**
   * Proposes a migration. Used by BalanceHosts.
   */
  POLICY_UNIT_TYPE_BALANCE: 'POLICY_UNIT_TYPE_BALANCE',
} as const;

/**
 * What a policy unit does. oVirt calls the same three things filter, weight and load balancer.
 */
export type PolicyUnitType =
  /**
   * Not said. Never sent by a service.
   */
  | 'POLICY_UNIT_TYPE_UNSPECIFIED'
  | 0
  /**
   * Says of each host whether the virtual machine may run there. Used by FilterHosts.
   */
  | 'POLICY_UNIT_TYPE_FILTER'
  | 1
  /**
   * Gives each host a number. Used by ScoreHosts.
   */
  | 'POLICY_UNIT_TYPE_SCORE'
  | 2
  /**
   * Proposes a migration. Used by BalanceHosts.
   */
  | 'POLICY_UNIT_TYPE_BALANCE'
  | 3

/**
 * What a policy unit does. oVirt calls the same three things filter, weight and load balancer.
 */
export type PolicyUnitType__Output = typeof PolicyUnitType[keyof typeof PolicyUnitType]
