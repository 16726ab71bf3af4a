import type { CallIds, UnitFailure } from '../domain/contract.js';
import { createLru } from '../lib/lru.js';
import type { Log, LogFields } from './log.js';

/** An answered call and the outcome of its units. */
export interface AnsweredCall {
  readonly ids: CallIds;
  readonly method: string;
  /** All units that were asked, each once. */
  readonly units: readonly string[];
  readonly failed: readonly { readonly unit: string; readonly failure: UnitFailure }[];
  /** Other fields of the line, such as the number of hosts. */
  readonly facts: () => LogFields;
}

/** Most failing units that are remembered, to tell when they recover; the one that failed longest ago is forgotten. */
const MAX_FAILING = 1000;

/**
 * Creates the log of answers: one without failed units is a line at debug. Each failed unit is one at warn, and the first
 * answer after it one at info, no more than one a minute each, with the number of times.
 */
export function createAnswerLog(log: Log): (call: AnsweredCall) => void {
  const failing = createLru<string, number>(MAX_FAILING);
  let hasFailed = false;

  function logRecovered({ ids, method, units, failed }: AnsweredCall): void {
    const stillFailing = new Set(failed.map(({ unit }) => unit));
    for (const unit of units) {
      const about = `${method} ${unit}`;
      const failedTimes = failing.get(about);
      if (failedTimes === undefined || stillFailing.has(unit)) continue;
      failing.delete(about);
      log.info('unit recovered', { ...ids, method, unit, failedTimes }, about);
    }
  }

  function logFailed({ ids, method, failed, facts }: AnsweredCall): void {
    const given = facts();
    for (const { unit, failure } of failed) {
      const { code, message } = failure;
      const about = `${method} ${unit}`;
      const isUnknown = code === 'NOT_FOUND';
      if (!isUnknown) failing.set(about, (failing.get(about) ?? 0) + 1);
      const fields = { ...ids, method, unit, code, reason: message, ...given };
      // A caller can ask for any name, and a line for each would hide those of units that there are.
      log.warn('unit failed', fields, isUnknown ? `${method} ${code}` : `${about} ${code}`);
    }
  }

  return (call) => {
    const { ids, method, failed, facts } = call;
    if (hasFailed) {
      logRecovered(call);
      hasFailed = failing.size() > 0;
    }
    if (failed.length === 0) {
      log.debug('call answered', () => ({ ...ids, method, ...facts() }));
      return;
    }
    hasFailed = true;
    logFailed(call);
  };
}
