import type { UnitFailure } from '../domain/contract.js';
import { failureOf, SchedulingError } from '../domain/errors.js';
import { oneLine } from '../lib/text.js';
import type { WritableValue } from './xml-rpc/writer.js';

/** Most failed units that one answer names: each becomes an event in the engine's log. */
export const MAX_MESSAGES = 100;

/** Longest such message, in characters: an administrator reads it in a table. */
export const MAX_MESSAGE_LENGTH = 500;

/** A failed unit, with the message for the engine. */
export interface FailedUnit {
  readonly unit: string;
  readonly failure: UnitFailure;
  /** The original error, unless the service reported the failure itself. */
  readonly error?: SchedulingError;
}

/** Converts a service's failure. An unknown unit gets the old proxy's words, which administrators search for. */
export function failedUnit(unit: string, failure: UnitFailure): FailedUnit {
  const { code, message, notFound } = failure;
  const text = notFound === 'UNIT' ? `plugin not found: '${unit}'` : `${code}: ${message}`;
  return { unit, failure: { ...failure, message: oneLine(text, MAX_MESSAGE_LENGTH) } };
}

/** Converts an error that was thrown while a unit's answer was fetched or read. */
export function brokenUnit(unit: string, thrown: unknown): FailedUnit {
  const error = SchedulingError.from(thrown);
  return { ...failedUnit(unit, failureOf(error)), error };
}

/**
 * Builds the answer to runFilters, runCostFunctions and runLoadBalancing from a result, the failed units, and errors of no
 * unit. The engine uses `result` whatever `result_code` is, and reads the errors only when that is not 0
 * (ExternalSchedulerBrokerObjectBuilder.populateCommonFields).
 */
export function engineReply(
  result: WritableValue,
  failed: readonly FailedUnit[] = [],
  errors: readonly string[] = [],
): ReadonlyMap<string, WritableValue> {
  const named = failed.slice(0, MAX_MESSAGES);
  const others = failed.length - named.length;
  const texts = others > 0 ? [...errors, `${others} more units failed`] : errors;
  return new Map<string, WritableValue>([
    ['result_code', named.length > 0 || texts.length > 0 ? 1 : 0],
    ['result', result],
    ['plugin_errors', new Map(named.map(({ unit, failure }) => [unit, [failure.message]]))],
    ['errors', texts],
  ]);
}
