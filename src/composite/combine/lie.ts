import { SchedulingError } from '../../domain/errors.js';

/** The error for an answer that breaks the contract: INTERNAL, naming the field. */
export function lie(field: string, problem: string): SchedulingError {
  return new SchedulingError('INTERNAL', `the service's answer breaks the contract: ${field}: ${problem}`);
}

/**
 * Checks that the results are those of the units asked for, in their order. Throws INTERNAL for a unit left out, doubled
 * or not asked for.
 */
export function checkUnits(results: readonly { readonly unit: string }[], names: readonly string[]): void {
  for (let index = 0; index < Math.max(results.length, names.length); index++) {
    const [got, expected] = [results[index]?.unit, names[index]];
    if (got === expected) continue;
    throw lie(
      `unit_results[${index}].unit`,
      `expected ${expected === undefined ? 'no further unit' : quoted(expected)}, got ${quoted(got)}`,
    );
  }
}

/** Checks that a unit without a failure has a list of values. Throws INTERNAL otherwise. */
export function checkValueList(values: unknown, field: string): void {
  if (!Array.isArray(values)) throw lie(field, 'expected a list of values or a failure, got neither');
}

/** Longest piece of a service's text that a message repeats: characters. */
const MAX_QUOTED_LENGTH = 64;

function quoted(text: string | undefined): string {
  return text === undefined ? 'none' : JSON.stringify(text.slice(0, MAX_QUOTED_LENGTH));
}
