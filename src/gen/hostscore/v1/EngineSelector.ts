// Original file: proto/hostscore/v1/decision_service.proto

/**
 * The policy unit with which an oVirt engine picks a host.
 */
export const EngineSelector = {
  /**
   * No engine asked: whoever asked takes the highest weighted sum of scores.
   */
  ENGINE_SELECTOR_UNSPECIFIED: 'ENGINE_SELECTOR_UNSPECIFIED',
  /**
   * RankSelector, the default of an engine: the highest weighted sum of ranks.
   */
  ENGINE_SELECTOR_RANK: 'ENGINE_SELECTOR_RANK',
  /**
   * BasicWeighting: the lowest weighted sum of costs.
   */
  ENGINE_SELECTOR_WEIGHT: 'ENGINE_SELECTOR_WEIGHT',
} as const;

/**
 * The policy unit with which an oVirt engine picks a host.
 */
export type EngineSelector =
  /**
   * No engine asked: whoever asked takes the highest weighted sum of scores.
   */
  | 'ENGINE_SELECTOR_UNSPECIFIED'
  | 0
  /**
   * RankSelector, the default of an engine: the highest weighted sum of ranks.
   */
  | 'ENGINE_SELECTOR_RANK'
  | 1
  /**
   * BasicWeighting: the lowest weighted sum of costs.
   */
  | 'ENGINE_SELECTOR_WEIGHT'
  | 2

/**
 * The policy unit with which an oVirt engine picks a host.
 */
export type EngineSelector__Output = typeof EngineSelector[keyof typeof EngineSelector]
