import type { UnitFailure, UnitResult } from '../contract.js';
import { SchedulingError } from '../errors.js';
import type { Log } from '../log.js';
import { brokenAnswer } from './broken-answer.js';
import { engineText } from './engine-text.js';

/** One call, as far as results of its units go. */
export interface UnitResultsOptions {
  /** Units asked for, each once. */
  readonly units: readonly string[];
  readonly requestId: string;
  /** The VM that the call is about: a NOT_FOUND whose words name it is not about the unit. */
  readonly vmId?: string;
  readonly log: Log;
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
  /** Runs something that belongs to one unit; what it throws is that unit's failure. */
  readonly contain: <Value>(unit: string, run: () => Value) => UnitResult<Value>;
}

/** Makes results for the units of one call. */
export function createUnitResults({ units, requestId, vmId, log }: UnitResultsOptions): UnitResults {
  function failureOf(unit: string, thrown: unknown): UnitFailure {
    const { code, message, cause } = SchedulingError.from(thrown);
    if (code === 'INTERNAL') {
      const stack = cause instanceof Error ? cause.stack : undefined;
      log.error('answer broken', {
        requestId,
        unit,
        fault: message,
        ...(stack === undefined ? {} : { stack }),
      });
    }
    return { code, message: engineText(`${code}: ${message}`) };
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
          return { unit, failure: failureInWords(unit, result.failure, vmId) };
        }
        return contain(unit, () => {
          if (result === undefined) throw brokenAnswer('it has no result of this unit');
          if (result === 'twice') throw brokenAnswer('it has two results of this unit');
          return read(result.value, unit);
        });
      });
    },
    none(thrown) {
      const [first = ''] = units;
      const failure = failureOf(first, thrown);
      return units.map((unit) => ({ unit, failure }));
    },
    contain,
  };
}

/** What the old proxy said of a unit that is not there, and administrators search for. */
export function unitNotFoundText(unit: string): string {
  return engineText(`plugin not found: '${unit}'`);
}

/** A composite hands a service's NOT_FOUND of the VM on as that of the service's units; its words name the VM. */
function failureInWords(unit: string, { code, message }: UnitFailure, vmId: string | undefined): UnitFailure {
  const noUnit = code === 'NOT_FOUND' && (vmId === undefined || !message.toLowerCase().includes(vmId));
  return { code, message: noUnit ? unitNotFoundText(unit) : engineText(`${code}: ${message}`) };
}
