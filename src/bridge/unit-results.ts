import type { PolicyUnitType, UnitFailure, UnitResult } from '../domain/contract.js';
import { contractViolation, failureOf as asFailure, SchedulingError } from '../domain/errors.js';
import type { BridgeLimits } from './bridge-limits.js';
import { oneLine } from '../lib/text.js';
import type { FailureLog } from './failure-log.js';
import type { UnitDirectory } from './unit-directory.js';

/** What results are made with, whatever the call. */
export interface UnitResultsOptions {
  readonly directory: Pick<UnitDirectory, 'has'>;
  readonly failureLog: Pick<FailureLog, 'answerBroken'>;
  readonly limits: Pick<BridgeLimits, 'maxMessageLength'>;
}

/** One call, as far as results of its units go. */
export interface AskedUnits {
  readonly method: string;
  readonly requestId: string;
  readonly type: PolicyUnitType;
  /** Units asked for, each once. */
  readonly units: readonly string[];
  /** The VM that the call is about: a NOT_FOUND whose words name it is not about the unit. */
  readonly vmId?: string;
}

/** Makes results of units out of what a service answered. Messages of failures are in the words that the engine gets. */
export interface UnitResults {
  /**
   * One result for each unit asked for, in their order. `read` makes the value of a unit's answer; what it throws is that
   * unit's failure, and so is a result that is missing or there twice.
   */
  readonly each: <Answer, Value>(
    answered: readonly UnitResult<Answer>[],
    read: (answer: Answer, unit: string) => Value,
  ) => UnitResult<Value>[];
  /** The failure of every unit asked for, because of one error. */
  readonly none: (thrown: unknown) => UnitResult<never>[];
  /** The failure of one unit, because of the error of its own call. */
  readonly failed: (unit: string, thrown: unknown) => UnitResult<never>;
  /** Runs something that belongs to one unit; what it throws is that unit's failure. */
  readonly contain: <Value>(unit: string, run: () => Value) => UnitResult<Value>;
}

/** Makes results for the units of one call. */
export function createUnitResults(
  { directory, failureLog, limits }: UnitResultsOptions,
  { method, requestId, type, units, vmId }: AskedUnits,
): UnitResults {
  const bounded = (text: string) => oneLine(text, limits.maxMessageLength);

  /** What the old proxy said of a unit that is not there, and administrators search for; other failures in their own words. */
  function failureInWords(unit: string, { code, message }: UnitFailure): UnitFailure {
    const isNotFound =
      code === 'NOT_FOUND' &&
      (vmId === undefined || !message.toLowerCase().includes(vmId)) &&
      (!directory.has(type, unit) || isNamedIn(message, unit));
    return { code, message: bounded(isNotFound ? `plugin not found: '${unit}'` : `${code}: ${message}`) };
  }

  function failureOf(unit: string, thrown: unknown): UnitFailure {
    const { code, message, cause } = SchedulingError.from(thrown);
    if (code === 'INTERNAL') {
      const stack = cause instanceof Error ? cause.stack : undefined;
      failureLog.answerBroken(method, unit, {
        requestId,
        fault: message,
        ...(stack === undefined ? {} : { stack }),
      });
    }
    return { code, message: bounded(`${code}: ${message}`) };
  }

  function contain<Value>(unit: string, run: () => Value): UnitResult<Value> {
    try {
      return { unit, value: run() };
    } catch (thrown) {
      return { unit, failure: failureOf(unit, thrown) };
    }
  }

  return {
    each(answered, read) {
      const byUnit = new Map<string, (typeof answered)[number] | 'twice'>();
      for (const result of answered) byUnit.set(result.unit, byUnit.has(result.unit) ? 'twice' : result);
      return units.map((unit) => {
        const result = byUnit.get(unit);
        if (result !== undefined && result !== 'twice' && result.failure !== undefined) {
          return { unit, failure: failureInWords(unit, result.failure) };
        }
        return contain(unit, () => {
          if (result === undefined) throw contractViolation('it has no result of this unit');
          if (result === 'twice') throw contractViolation('it has two results of this unit');
          return read(result.value, unit);
        });
      });
    },
    none(thrown) {
      const [first = ''] = units;
      const failure = failureOf(first, thrown);
      return units.map((unit) => ({ unit, failure }));
    },
    failed(unit, thrown) {
      const isTold = thrown instanceof SchedulingError && thrown.code !== 'INTERNAL';
      return { unit, failure: isTold ? failureInWords(unit, asFailure(thrown)) : failureOf(unit, thrown) };
    },
    contain,
  };
}

/** Says whether a text has the name in it, and not only as a part of some other word. */
function isNamedIn(text: string, name: string): boolean {
  const pieces = text.split(name);
  return pieces.some(
    (after, index) =>
      index > 0 && !ENDS_IN_WORD.test(pieces[index - 1] ?? '') && !STARTS_WITH_WORD.test(after),
  );
}

const ENDS_IN_WORD = /[\p{L}\p{N}_-]$/u;
const STARTS_WITH_WORD = /^[\p{L}\p{N}_-]/u;
