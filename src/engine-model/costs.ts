import { MAX_INT32, MAX_SCORE, MIN_SCORE, type Direction } from '../domain/contract.js';
import { contractViolation } from '../domain/errors.js';
import { rangeOf } from '../domain/score-sums.js';
import { quoted } from '../lib/text.js';

declare const costBrand: unique symbol;

/** A signed 32-bit integer; lower is better. The engine calls it a score or weight. Branded, so that a score can't stand in for it. */
export type Cost = number & { readonly [costBrand]: 'Cost' };

/** Smallest cost that the engine can hold, a Java int. */
export const MIN_COST = -MAX_INT32 - 1;

/** Reports whether a number is a {@link Cost}. */
export function isCost(value: number): value is Cost {
  return Number.isInteger(value) && value >= MIN_COST && value <= MAX_INT32;
}

/**
 * The conversion of scores for the engine. `asCosts`: 100 - score, since the engine picks the lowest. `raw`: unchanged, as
 * the old proxy sent them, so that the engine avoids the best host.
 */
export type ScoreMode = 'asCosts' | 'raw';

/** Cost of a host unknown to the service, for a unit with scores. */
const WORST_SCORE_COST = MAX_SCORE - MIN_SCORE;

/** The values of one unit and their meaning. */
export interface UnitValues {
  /** One for each host that the service knows. */
  readonly values: ArrayLike<number>;
  readonly direction: Direction;
  readonly mode: ScoreMode;
}

/** The costs of the hosts that a service knows, and of one that it does not. */
export interface KnownCosts {
  readonly costs: readonly Cost[];
  /** The worst cost: 100, or with raw costs the unit's highest, 0 if it gave none. */
  readonly unknown: Cost;
}

/** Returns the cost of each host that the service knows. Throws INTERNAL for a value that is no Java int. */
export function knownCosts({ values, direction, mode }: UnitValues): KnownCosts {
  const isRaw = direction === 'LOWER_IS_BETTER';
  const flip = !isRaw && mode === 'asCosts';
  const costs = new Array<Cost>(values.length);
  for (let place = 0; place < costs.length; place++) {
    const value = values[place] ?? NaN;
    costs[place] = toCost(flip ? MAX_SCORE - value : value);
  }
  return { costs, unknown: toCost(isRaw ? highest(costs) : WORST_SCORE_COST) };
}

/** Returns the cost of each requested host, by its index in the values; of one that the service does not know with -1. */
export function costsOf(values: UnitValues, places: readonly number[]): readonly Cost[] {
  const { costs, unknown } = knownCosts(values);
  return places.map((place) => {
    const cost = place < 0 ? unknown : costs[place];
    if (cost === undefined)
      throw contractViolation(`it has ${costs.length} values, fewer than one for each host`);
    return cost;
  });
}

/** The sum of factor x cost for each host. */
export interface CostSums {
  readonly sums: readonly Cost[];
  /** Number of sums that overflowed 32 bits and were clamped. */
  readonly clamped: number;
}

/** Returns the sum of factor x cost over the units for each host. */
export function sumCosts(
  units: readonly { readonly costs: readonly Cost[]; readonly factor: number }[],
  hosts: number,
): CostSums {
  let clamped = 0;
  const sums = Array.from({ length: hosts }, (_, host) => {
    let sum = 0;
    for (const { costs, factor } of units) sum += factor * (costs[host] ?? 0);
    const cut = Math.max(MIN_COST, Math.min(MAX_INT32, sum));
    if (cut !== sum) clamped++;
    return toCost(cut);
  });
  return { sums, clamped };
}

function highest(values: readonly number[]): number {
  return values.length === 0 ? 0 : rangeOf(values).max;
}

function toCost(value: number): Cost {
  // Java ints and XML-RPC have no -0.
  const cost = value === 0 ? 0 : value;
  if (!isCost(cost))
    throw contractViolation(`expected an integer of 32 bits for each host, got ${quoted(String(value))}`);
  return cost;
}
