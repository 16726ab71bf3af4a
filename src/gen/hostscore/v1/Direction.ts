// Original file: proto/hostscore/v1/policy_unit_service.proto

/**
 * How the values of a score unit are to be read.
 */
export const Direction = {
  /**
   * Not said, or not a score unit.
   */
  DIRECTION_UNSPECIFIED: 'DIRECTION_UNSPECIFIED',
  /**
   * Values are scores: integers from 0 to 100, the best host has the highest.
   */
  DIRECTION_HIGHER_IS_BETTER: 'DIRECTION_HIGHER_IS_BETTER',
  /**
   * Values are raw costs: 32-bit integers without a fixed range, the best host has the lowest.
   */
  DIRECTION_LOWER_IS_BETTER: 'DIRECTION_LOWER_IS_BETTER',
} as const;

/**
 * How the values of a score unit are to be read.
 */
export type Direction =
  /**
   * Not said, or not a score unit.
   */
  | 'DIRECTION_UNSPECIFIED'
  | 0
  /**
   * Values are scores: integers from 0 to 100, the best host has the highest.
   */
  | 'DIRECTION_HIGHER_IS_BETTER'
  | 1
  /**
   * Values are raw costs: 32-bit integers without a fixed range, the best host has the lowest.
   */
  | 'DIRECTION_LOWER_IS_BETTER'
  | 2

/**
 * How the values of a score unit are to be read.
 */
export type Direction__Output = typeof Direction[keyof typeof Direction]
