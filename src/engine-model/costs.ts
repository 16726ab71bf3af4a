import { MAX_INT32, MAX_SCORE, MIN_SCORE, type Direction } from '../domain/contract.js';
import { contractViolation } from '../domain/errors.js';
import { rangeOf } from '../domain/score-sums.js';
import { quoted } from '../lib/text.js';

declare const costBrand: unique symbol;

/** A signed 32-bit integer; lower is better. What the engine calls a score or a weight. No score passes for one. */
export type Cost = number & { readonly [costBrand]: 'Cost' };

/** Smallest cost that the engine can hold: a Java int. */
export const MIN_COST = -MAX_INT32 - 1;

/** Reports whether a number is a {@link Cost}. */
export function isCost(value: number): value is Cost {
  return Number.isInteger(value) && value >= MIN_COST && value <= MAX_INT32;
}

/**
 * What becomes of scores on their way to the engine. `asCosts`: 100 - score, since the engine takes the lowest. `raw`: the
 * number as it is, as the old proxy sent it, so that the engine avoids the best host.
 */
export type ScoreMode = 'asCosts' | 'raw';

/** The cost of a host that the inventory does not know, at a unit whose values are scores. */
const WORST_SCORE_COST = MAX_SCORE - MIN_SCORE;

/** The values of one unit, and how they are to be read. */
export interface UnitValues {
  /** One for each host that the service knows. */
  readonly values: readonly number[];
  readonly direction: Direction;
  /** For each host asked about, its place in `values`; -1 for a host that the service does not know. */
  readonly places: readonly number[];
  readonly mode: ScoreMode;
}

/**
 * Returns the cost of each host asked about. A host that the service does not know gets the worst: 100, or of raw costs the
 * highest that the unit gave, 0 when it gave none, so that they tie. Throws INTERNAL for what the engine can't read as an int.
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

/** Sums of factor x cost for each host. */
export interface CostSums {
  readonly sums: readonly Cost[];
  /** How many sums left 32 bits and were cut to the nearest number that does not. */
  readonly clamped: number;
}

/** Returns the sum of factor x cost over the units, host by host. */
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
  // Java knows no -0, and XML-RPC no way to write one.
  const cost = value === 0 ? 0 : value;
  if (!isCost(cost))
    throw contractViolation(`expected an integer of 32 bits for each host, got ${quoted(String(value))}`);
  return cost;
}
