import { MAX_SCORE, type ScoreUnitResult, type WeightedUnit } from './contract.js';

/**
 * Returns raw costs of one request as scores: 100 x (max - cost) / (max - min), rounded down; 100 each when all are equal.
 * Linear, so that a cost in the middle between the lowest and the highest counts half.
 */
export function scoresOfCosts(costs: readonly number[]): readonly number[] {
  const { min, max } = rangeOf(costs);
  if (min === max) return costs.map(() => MAX_SCORE);
  return costs.map((cost) => Math.floor((MAX_SCORE * (max - cost)) / (max - min)));
}

/** Returns the lowest and the highest of some numbers. */
export function rangeOf(values: readonly number[]): { readonly min: number; readonly max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/**
 * Returns the score of each host: the sum of weight x score over the units that answered, raw costs made scores first. The
 * results are aligned with the units.
 */
export function sumScores(
  results: readonly ScoreUnitResult[],
  units: readonly WeightedUnit[],
  hosts: number,
): Float64Array {
  const sums = new Float64Array(hosts);
  for (const [place, { value, direction }] of results.entries()) {
    if (value === undefined) continue;
    const weight = units[place]?.weight ?? 0;
    const scores = direction === 'LOWER_IS_BETTER' ? scoresOfCosts(value) : value;
    for (let host = 0; host < hosts; host++) sums[host] = (sums[host] ?? 0) + weight * (scores[host] ?? 0);
  }
  return sums;
}
