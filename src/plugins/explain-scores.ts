import type { ScoreExplanation, ScoreUnitResult } from '../domain/contract.js';
import { rangeOf, scoresOfCosts } from '../domain/score-sums.js';

/** Explains the scores of plugins by the numbers that they printed. */
export function explainScores(results: readonly ScoreUnitResult[]): ScoreExplanation {
  const reasons = results.flatMap(({ unit, value, direction }) => {
    if (value === undefined) return [];
    if (direction !== 'LOWER_IS_BETTER')
      return [{ unit, text: (place: number) => `the plugin gave ${value[place] ?? 0}` }];
    const { min, max } = rangeOf(value);
    const scores = scoresOfCosts(value);
    const text = (place: number) =>
      `cost ${value[place] ?? 0} among ${min} to ${max}, the lowest is best: ${scores[place] ?? 0}`;
    return [{ unit, text }];
  });
  return {
    hostName: () => undefined,
    reasons: (place) => reasons.map(({ unit, text }) => ({ unit, text: text(place) })),
  };
}
