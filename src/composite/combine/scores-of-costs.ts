import { MAX_SCORE } from '../../domain/contract.js';

/**
 * Raw costs of one request as scores: 100 x (max - cost) / (max - min), rounded down; all equal: 100 each. Linear, so that
 * a cost in the middle between the lowest and the highest counts half.
 */
export function scoresOfCosts(costs: readonly number[]): readonly number[] {
  let min = Infinity;
  let max = -Infinity;
  for (const cost of costs) {
    if (cost < min) min = cost;
    if (cost > max) max = cost;
  }
  if (min === max) return costs.map(() => MAX_SCORE);
  return costs.map((cost) => Math.floor((MAX_SCORE * (max - cost)) / (max - min)));
}
