import type { UnitResult } from '../domain/contract.js';
import type { FailedUnit } from './engine-reply.js';

/** The units that have no value, in their order. */
export function failedAmong(results: readonly UnitResult<unknown>[]): readonly FailedUnit[] {
  return results.flatMap(({ unit, failure }) => (failure === undefined ? [] : [{ unit, failure }]));
}
