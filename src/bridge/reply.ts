import type { UnitFailure } from '../domain/contract.js';
import { failureOf, SchedulingError } from '../domain/errors.js';
import type { XmlRpcStruct, XmlRpcValue } from '../engine-model/value.js';
import { oneLine } from '../lib/text.js';

/** Failed units, and other errors, that one answer names: each becomes an event in the engine's log. */
export const MAX_MESSAGES = 100;

/** Characters in one such message, which an administrator reads in a table. */
export const MAX_MESSAGE_LENGTH = 500;

/** A failed unit; its message is in the words that the engine gets. */
export interface FailedUnit {
  readonly unit: string;
  readonly failure: UnitFailure;
  /** What was thrown here, where the service did not tell of the failure itself. */
  readonly error?: SchedulingError;
}

/** Returns the failure that a service told of; of a unit that is not there in the old proxy's words, which administrators search for. */
export function failedUnit(unit: string, failure: UnitFailure): FailedUnit {
  const { code, message, notFound } = failure;
  const text = notFound === 'UNIT' ? `plugin not found: '${unit}'` : `${code}: ${message}`;
  return { unit, failure: { ...failure, message: oneLine(text, MAX_MESSAGE_LENGTH) } };
}

/** Returns what was thrown while a unit's answer was got, or read, as its failure. */
export function brokenUnit(unit: string, thrown: unknown): FailedUnit {
  const error = SchedulingError.from(thrown);
  return { ...failedUnit(unit, failureOf(error)), error };
}

/**
 * Makes the answer to runFilters, runCostFunctions and runLoadBalancing out of a result, the units that failed, and errors
 * that belong to no unit. `result` counts whatever `result_code` says, and the engine reads the two error members only when
 * it is not 0 (ExternalSchedulerBrokerObjectBuilder.populateCommonFields).
 */
export function engineReply(
  result: XmlRpcValue,
  failed: readonly FailedUnit[] = [],
  errors: readonly string[] = [],
): XmlRpcStruct {
  const told = failed.slice(0, MAX_MESSAGES);
  const untold = failed.length - told.length;
  const texts = untold > 0 ? [...errors, `${untold} more units failed`] : errors;
  return new Map<string, XmlRpcValue>([
    ['result_code', told.length > 0 || texts.length > 0 ? 1 : 0],
    ['result', result],
    ['plugin_errors', new Map(told.map(({ unit, failure }) => [unit, [failure.message]]))],
    ['errors', texts],
  ]);
}
