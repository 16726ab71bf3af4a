import { MAX_SCORE, type ScoreUnitResult, type WeightedUnit } from './contract.js';

/** The lowest and highest of some numbers. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * Converts a raw cost into a score, relative to the costs of one request: 100 x (max - cost) / (max - min), rounded down;
 * 100 when all are equal. Linear, so that a cost halfway between the lowest and the highest counts half.
 */
export function scoreOfCost(cost: number, { min, max }: Range): number {
  return min === max ? MAX_SCORE : Math.floor((MAX_SCORE * (max - cost)) / (max - min));
}

/** Converts the raw costs of one request into scores, by {@link scoreOfCost}. */
export function scoresOfCosts(costs: readonly number[]): readonly number[] {
  const range = rangeOf(costs);
  return costs.map((cost) => scoreOfCost(cost, range));
}

/** Returns the range of some numbers: Infinity to -Infinity when there are none. */
export function rangeOf(values: readonly number[]): Range {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/**
 * Returns the score of each host: the sum of weight x score over the units that answered, raw costs converted first.
 * Results are aligned with units.
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
