// Original file: proto/hostscore/v1/policy_unit_service.proto

/**
 * The meaning of the values of a score unit.
 */
export const Direction = {
  /**
   * Unknown, or the unit is no score unit.
   */
  DIRECTION_UNSPECIFIED: 'DIRECTION_UNSPECIFIED',
  /**
   * Values are scores: integers from 0 to 100. The best host has the highest.
   */
  DIRECTION_HIGHER_IS_BETTER: 'DIRECTION_HIGHER_IS_BETTER',
  /**
   * Values are raw costs: 32-bit integers of any size. The best host has the lowest.
   */
  DIRECTION_LOWER_IS_BETTER: 'DIRECTION_LOWER_IS_BETTER',
} as const;

/**
 * The meaning of the values of a score unit.
 */
export type Direction =
  /**
   * Unknown, or the unit is no score unit.
   */
  | 'DIRECTION_UNSPECIFIED'
  | 0
  /**
   * Values are scores: integers from 0 to 100. The best host has the highest.
   */
  | 'DIRECTION_HIGHER_IS_BETTER'
  | 1
  /**
   * Values are raw costs: 32-bit integers of any size. The best host has the lowest.
   */
  | 'DIRECTION_LOWER_IS_BETTER'
  | 2

/**
 * The meaning of the values of a score unit.
 */
export type Direction__Output = typeof Direction[keyof typeof Direction]
