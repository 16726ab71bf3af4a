import type { SchedulingError } from '../domain/errors.js';
import type { Clock } from '../lib/timers.js';
import { quoted, stackOf } from '../lib/text.js';
import type { Log } from '../process/log.js';
import { createLogThrottle } from '../process/log-throttle.js';
import type { MethodOutcome } from './method.js';
import type { RequestEnd } from './server.js';

/** Failed units that one log line names; those that are left over have their turn with the next call. */
const MAX_NAMED = 8;

/** One answer to the engine, as far as its units go. */
export interface AnsweredCall extends Required<Omit<MethodOutcome, 'answer'>> {
  readonly requestId: string;
  readonly method: string;
}

/**
 * Logs answers to the engine, at debug, and what went wrong: at warn, or error, the first time and then once a minute while
 * that lasts, with the number of times.
 */
export interface FailureLog {
  /** Logs an answer: the units that failed in one line, bugs and broken contracts at error, and at info a unit that answers after it failed. */
  readonly answered: (call: AnsweredCall) => void;
  /** Logs that a request was no call to be answered, and why. */
  readonly refused: (reason: string, end: RequestEnd) => void;
}

/** Starts with no failure known. */
export function createFailureLog(log: Log, clock: Clock): FailureLog {
  const throttle = createLogThrottle(clock);
  let hasFailed = false;

  function tellOfReturn({ requestId, method, units, failed }: AnsweredCall): void {
    const stillFailing = new Set(failed.map(({ unit }) => unit));
    for (const unit of units) {
      if (stillFailing.has(unit)) continue;
      throttle.end(broken(method, unit));
      const failedTimes = throttle.end(failing(method, unit));
      if (failedTimes > 0) log.info('unit answers again', { requestId, method, unit, failedTimes });
    }
  }

  /** One error may be that of every unit: it is told of once. */
  function tellOfBroken({ requestId, method, failed }: AnsweredCall): void {
    let told: SchedulingError | undefined;
    for (const { unit, error } of failed) {
      if (error?.code !== 'INTERNAL' || error === told) continue;
      told = error;
      const stack = error.cause === undefined ? {} : { stack: stackOf(error.cause) };
      const fields = { requestId, method, unit, fault: error.message, ...stack };
      const times = throttle.toTell(broken(method, unit), error.code);
      if (times === undefined) log.debug('answer broken', fields);
      else log.error('answer broken', { ...fields, ...(times > 1 ? { times } : {}) });
    }
  }

  function tellOfFailures({ requestId, method, failed, facts }: AnsweredCall): void {
    const reasons: string[] = [];
    for (const { unit, failure } of failed) {
      if (reasons.length === MAX_NAMED) break;
      const times = throttle.toTell(failing(method, unit), failure.code);
      if (times !== undefined)
        reasons.push(`${unit}: ${failure.message}${times > 1 ? ` (${times} times)` : ''}`);
    }
    const fields = { requestId, method, ...facts, failed: failed.length };
    if (reasons.length > 0) {
      log.warn('engine told of failures', { ...fields, reasons });
    } else {
      const units = failed.slice(0, MAX_NAMED).map(({ unit }) => unit);
      log.debug('engine told of failures', { ...fields, units });
    }
  }

  return {
    answered(call) {
      const { requestId, method, failed, facts } = call;
      if (hasFailed) tellOfReturn(call);
      if (failed.length === 0) {
        log.debug('engine answered', { requestId, method, ...facts });
        return;
      }
      hasFailed = true;
      tellOfBroken(call);
      tellOfFailures(call);
    },
    refused(reason, { method, status, faultCode, receivedBytes }) {
      const times = throttle.toTell('request refused', String(faultCode ?? status ?? ''));
      if (times === undefined) return;
      log.warn('request refused', {
        ...(method === undefined ? {} : { method: quoted(method) }),
        ...(status === undefined ? {} : { status }),
        ...(faultCode === undefined ? {} : { code: faultCode }),
        reason,
        receivedBytes,
        ...(times > 1 ? { suppressed: times - 1 } : {}),
      });
    },
  };
}

const failing = (method: string, unit: string) => `${method} ${unit}`;
const broken = (method: string, unit: string) => `broken: ${method} ${unit}`;
