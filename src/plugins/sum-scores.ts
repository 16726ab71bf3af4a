import { MAX_SCORE, type Direction, type HostScore, type UnitResult } from '../domain/contract.js';

/** The values of a unit that answered, how they are read, and what they count. */
export interface WeightedValues {
  readonly weight: number;
  readonly direction: Direction;
  readonly result: UnitResult<readonly number[]>;
}

/**
 * Adds up weight x score of the units that answered. A raw cost becomes a score by its place between the lowest and the
 * highest of its unit: 100 x (max - cost) / (max - min) rounded down, 100 when all are equal.
 */
export function sumScores(
  hostIds: readonly string[],
  units: readonly WeightedValues[],
  explain: boolean,
): HostScore[] {
  const answers = units.flatMap(({ weight, direction, result: { unit, value } }) =>
    value === undefined
      ? []
      : [{ unit, weight, value, raw: direction === 'LOWER_IS_BETTER', ...scoresOf(value, direction) }],
  );
  return hostIds.map((hostId, index) => {
    let score = 0;
    for (const { weight, scores } of answers) score += weight * (scores[index] ?? 0);
    if (!explain) return { hostId, score };
    const reasons = answers.map(({ unit, raw, value, min, max, scores }) => ({
      unit,
      text: raw
        ? `cost ${value[index] ?? 0} among ${min} to ${max}, the lowest is best: ${scores[index] ?? 0}`
        : `the plugin gave ${value[index] ?? 0}`,
    }));
    return { hostId, score, reasons };
  });
}

function scoresOf(values: readonly number[], direction: Direction) {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (direction === 'HIGHER_IS_BETTER') return { min, max, scores: values };
  const scores = values.map((value) =>
    max === min ? MAX_SCORE : Math.floor((MAX_SCORE * (max - value)) / (max - min)),
  );
  return { min, max, scores };
}
