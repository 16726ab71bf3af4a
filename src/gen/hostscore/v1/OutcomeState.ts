// Original file: proto/hostscore/v1/decision_service.proto

/**
 * States of the outcome of a decision, to list by.
 */
export const OutcomeState = {
  /**
   * Any.
   */
  OUTCOME_STATE_UNSPECIFIED: 'OUTCOME_STATE_UNSPECIFIED',
  /**
   * The virtual machine was seen on our best host, or one with an equal total.
   */
  OUTCOME_STATE_BEST: 'OUTCOME_STATE_BEST',
  /**
   * It was seen on another host.
   */
  OUTCOME_STATE_OTHER: 'OUTCOME_STATE_OTHER',
  /**
   * It is known that nothing was seen.
   */
  OUTCOME_STATE_UNMATCHED: 'OUTCOME_STATE_UNMATCHED',
  /**
   * Nothing is known, yet or ever.
   */
  OUTCOME_STATE_NONE: 'OUTCOME_STATE_NONE',
} as const;

/**
 * States of the outcome of a decision, to list by.
 */
export type OutcomeState =
  /**
   * Any.
   */
  | 'OUTCOME_STATE_UNSPECIFIED'
  | 0
  /**
   * The virtual machine was seen on our best host, or one with an equal total.
   */
  | 'OUTCOME_STATE_BEST'
  | 1
  /**
   * It was seen on another host.
   */
  | 'OUTCOME_STATE_OTHER'
  | 2
  /**
   * It is known that nothing was seen.
   */
  | 'OUTCOME_STATE_UNMATCHED'
  | 3
  /**
   * Nothing is known, yet or ever.
   */
  | 'OUTCOME_STATE_NONE'
  | 4

/**
 * States of the outcome of a decision, to list by.
 */
export type OutcomeState__Output = typeof OutcomeState[keyof typeof OutcomeState]
