import { isScore, MAX_INT32, MAX_SCORE, MIN_SCORE, type Direction } from '../domain/contract.js';
import { contractViolation } from '../domain/errors.js';
import { quoted } from '../lib/text.js';

declare const costBrand: unique symbol;

/** A signed 32-bit integer; lower is better. What the engine calls a score or a weight. No score passes for one. */
export type Cost = number & { readonly [costBrand]: 'Cost' };

/** Smallest cost that the engine can hold: a Java int. */
export const MIN_COST = -MAX_INT32 - 1;

/** Says whether a number is a {@link Cost}. */
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
 * The cost of each host asked about. A host that the service does not know gets the worst: 100, or of raw costs the
 * highest that the unit gave, 0 when it gave none, so that they tie. Throws INTERNAL for a value outside the unit's range.
 */
export function costsOf({ values, direction, places, mode }: UnitValues): readonly Cost[] {
  const raw = direction === 'LOWER_IS_BETTER';
  const isValid = raw ? isCost : isScore;
  const wrong = values.findIndex((value) => !isValid(value));
  if (wrong >= 0) {
    const range = raw ? 'of 32 bits' : `from ${MIN_SCORE} to ${MAX_SCORE}`;
    throw contractViolation(
      `values[${wrong}]: expected an integer ${range}, got ${quoted(String(values[wrong]))}`,
    );
  }
  const worst = raw ? highest(values) : WORST_SCORE_COST;
  const flip = !raw && mode === 'asCosts';
  return places.map((place) => {
    const value = place < 0 ? undefined : values[place];
    if (value === undefined) return toCost(worst);
    return toCost(flip ? MAX_SCORE - value : value);
  });
}

/** Sums of factor x cost for each host. */
export interface CostSums {
  readonly sums: readonly Cost[];
  /** How many sums left 32 bits and were cut to the nearest number that does not. */
  readonly clamped: number;
}

/** Adds up factor x cost over the units, host by host. */
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
  return values.length === 0 ? 0 : values.reduce((most, value) => Math.max(most, value));
}

function toCost(value: number): Cost {
  // Java knows no -0, and XML-RPC no way to write one.
  const cost = value === 0 ? 0 : value;
  if (!isCost(cost)) throw contractViolation(`expected a cost of 32 bits, got ${quoted(String(value))}`);
  return cost;
}
