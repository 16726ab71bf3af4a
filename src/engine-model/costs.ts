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
  readonly values: readonly number[];
  readonly direction: Direction;
  /** For each requested host, its index in `values`; -1 for a host unknown to the service. */
  readonly places: readonly number[];
  readonly mode: ScoreMode;
}

/**
 * Returns the cost of each requested host. A host unknown to the service gets the worst cost: 100, or with raw costs the
 * unit's highest, 0 if it gave none. Throws INTERNAL for a value that is no Java int.
 */
export function costsOf({ values, direction, places, mode }: UnitValues): readonly Cost[] {
  const isRaw = direction === 'LOWER_IS_BETTER';
  const flip = !isRaw && mode === 'asCosts';
  const costs = values.map((value) => toCost(flip ? MAX_SCORE - value : value));
  const worst = toCost(isRaw ? highest(costs) : WORST_SCORE_COST);
  return places.map((place) => {
    const cost = place < 0 ? worst : costs[place];
    if (cost === undefined)
      throw contractViolation(`it has ${values.length} values, fewer than one for each host`);
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
