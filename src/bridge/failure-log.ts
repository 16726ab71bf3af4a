import { SCHEDULING_ERROR_CODES } from '../domain/errors.js';
import type { Log, LogFields } from '../process/log.js';
import type { BridgeLimits } from './bridge-limits.js';
import type { FailedUnit } from './engine-reply.js';
import { createRecurrence } from './recurrence.js';

/** What a failure log works with. */
export interface FailureLogOptions {
  readonly log: Log;
  readonly clock: { readonly now: () => number };
  readonly limits: Pick<BridgeLimits, 'failureLogIntervalMs' | 'maxLoggedFailures'>;
}

/** One answer to the engine, as far as its units go. */
export interface AnsweredUnits {
  readonly requestId: string;
  readonly method: string;
  /** Units asked for, each once. */
  readonly units: readonly string[];
  /** Those of them that have no result. */
  readonly failed: readonly FailedUnit[];
  readonly facts?: LogFields;
}

/**
 * Logs answers to the engine, at debug, and the units that failed in them, one line a call: at warn the first time that a
 * unit fails in a method with a code and then once an interval while that lasts, with the number of times. A unit that
 * answers after it failed is told of at info.
 */
export interface FailureLog {
  readonly answered: (answer: AnsweredUnits) => void;
  /** Logs an answer of a service that broke the contract, at error as often as failures at warn. */
  readonly answerBroken: (method: string, unit: string, facts: LogFields) => void;
}

/** Most failed units that one log line names; those that are left over have their turn with the next call. */
const MAX_NAMED = 8;

/** Starts with no failure known. */
export function createFailureLog({ log, clock, limits }: FailureLogOptions): FailureLog {
  const { failureLogIntervalMs: intervalMs, maxLoggedFailures: maxKeys } = limits;
  const failures = createRecurrence({ clock, intervalMs, maxKeys });
  const broken = createRecurrence({ clock, intervalMs, maxKeys });

  function tellOfReturn({ requestId, method, units, failed }: AnsweredUnits): void {
    if (failures.isEmpty() || units.length === failed.length) return;
    const stillFailing = new Set(failed.map(({ unit }) => unit));
    for (const unit of units) {
      if (stillFailing.has(unit)) continue;
      const times = SCHEDULING_ERROR_CODES.reduce(
        (sum, code) => sum + (failures.end(keyOf(method, unit, code)) ?? 0),
        0,
      );
      broken.end(keyOf(method, unit, ''));
      if (times > 0) log.info('unit answers again', { requestId, method, unit, failedTimes: times });
    }
  }

  function tellOfFailures({ requestId, method, failed, facts }: AnsweredUnits): void {
    const reasons: string[] = [];
    for (const { unit, failure } of failed) {
      if (reasons.length === MAX_NAMED) break;
      const times = failures.toTell(keyOf(method, unit, failure.code));
      if (times === undefined) continue;
      reasons.push(`${unit}: ${failure.message}${times > 1 ? ` (${times} times)` : ''}`);
    }
    const fields = { requestId, method, ...facts, failed: failed.length };
    if (reasons.length > 0) log.warn('engine told of failures', { ...fields, reasons });
    else
      log.debug('engine told of failures', {
        ...fields,
        units: failed.slice(0, MAX_NAMED).map(({ unit }) => unit),
      });
  }

  return {
    answered(answer) {
      tellOfReturn(answer);
      const { requestId, method, failed, facts } = answer;
      if (failed.length > 0) tellOfFailures(answer);
      else log.debug('engine answered', { requestId, method, ...facts });
    },
    answerBroken(method, unit, facts) {
      const times = broken.toTell(keyOf(method, unit, ''));
      const fields = { method, unit, ...facts };
      if (times === undefined) log.debug('answer broken', fields);
      else log.error('answer broken', { ...fields, ...(times > 1 ? { times } : {}) });
    },
  };
}

function keyOf(method: string, unit: string, code: string): string {
  return `${method} ${code} ${unit}`;
}
