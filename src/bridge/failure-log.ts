import type { SchedulingError } from '../domain/errors.js';
import type { Clock } from '../lib/timers.js';
import { quoted, stackOf } from '../lib/text.js';
import type { Log } from '../process/log.js';
import { createLogThrottle } from '../process/log-throttle.js';
import type { MethodOutcome } from './method.js';
import type { RequestEnd } from './server.js';

/** Most failed units in one log line; the others appear with the next call. */
const MAX_NAMED = 8;

/** An answered call and the outcome of its units. */
export interface AnsweredCall extends Required<Omit<MethodOutcome, 'answer'>> {
  readonly requestId: string;
  readonly method: string;
}

/**
 * A log of answers, at debug, and of failures: at warn or error the first time, then once a minute while they last, with
 * the number of times.
 */
export interface FailureLog {
  /** Logs an answer: failed units in one line, bugs and contract violations at error, recovered units at info. */
  readonly answered: (call: AnsweredCall) => void;
  /** Logs a request that was not dispatched. */
  readonly refused: (reason: string, end: RequestEnd) => void;
}

/** Creates a failure log without known failures. */
export function createFailureLog(log: Log, clock: Clock): FailureLog {
  const throttle = createLogThrottle(clock);
  const refusals = createLogThrottle(clock);
  let hasFailed = false;

  function logRecovered({ requestId, method, units, failed }: AnsweredCall): void {
    const stillFailing = new Set(failed.map(({ unit }) => unit));
    for (const unit of units) {
      if (stillFailing.has(unit)) continue;
      throttle.end(broken(method, unit));
      const failedTimes = throttle.end(failing(method, unit));
      if (failedTimes > 0) log.info('unit recovered', { requestId, method, unit, failedTimes });
    }
  }

  /** Logs invalid answers, once for an error that all units share. */
  function logInvalid({ requestId, method, failed }: AnsweredCall): void {
    let logged: SchedulingError | undefined;
    for (const { unit, error } of failed) {
      if (error?.code !== 'INTERNAL' || error === logged) continue;
      logged = error;
      const stack = error.cause === undefined ? {} : { stack: stackOf(error.cause) };
      const fields = { requestId, method, unit, fault: error.message, ...stack };
      const times = throttle.count(broken(method, unit), error.code);
      if (times === undefined) log.debug('answer invalid', fields);
      else log.error('answer invalid', { ...fields, ...(times > 1 ? { times } : {}) });
    }
  }

  function logFailures({ requestId, method, failed, facts }: AnsweredCall): void {
    const reasons: string[] = [];
    for (const { unit, failure } of failed) {
      if (reasons.length === MAX_NAMED) break;
      const times = throttle.count(failing(method, unit), failure.code);
      if (times !== undefined)
        reasons.push(`${unit}: ${failure.message}${times > 1 ? ` (${times} times)` : ''}`);
    }
    const fields = { requestId, method, ...facts(), failed: failed.length };
    if (reasons.length > 0) {
      log.warn('units failed', { ...fields, reasons });
    } else {
      const units = failed.slice(0, MAX_NAMED).map(({ unit }) => unit);
      log.debug('units failed', { ...fields, units });
    }
  }

  return {
    answered(call) {
      const { requestId, method, failed, facts } = call;
      if (hasFailed) {
        logRecovered(call);
        hasFailed = !throttle.isEmpty();
      }
      if (failed.length === 0) {
        log.debug('call answered', () => ({ requestId, method, ...facts() }));
        return;
      }
      hasFailed = true;
      logInvalid(call);
      logFailures(call);
    },
    refused(reason, { method, status, faultCode, receivedBytes }) {
      const times = refusals.count('request refused', String(faultCode ?? status ?? ''));
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
