import { setMaxListeners } from 'node:events';
import { SchedulingError } from '../domain/errors.js';
import type { After } from '../lib/timers.js';

/** A time limit that a call's signal may cut short. */
export interface TimeLimit {
  /** Aborts with DEADLINE_EXCEEDED when the time is over, and with the other signal's reason when that aborts. */
  readonly signal: AbortSignal;
  /** Forgets the limit. */
  readonly lift: () => void;
}

/** Starts a time limit beside a signal. */
export function limitTime(ms: number, parent: AbortSignal, after: After): TimeLimit {
  const controller = new AbortController();
  // Each unit of a request listens.
  setMaxListeners(0, controller.signal);
  const follow = (): void => controller.abort(parent.reason);
  const callOff = after(ms, () =>
    controller.abort(new SchedulingError('DEADLINE_EXCEEDED', `did not end within ${ms} ms, and was killed`)),
  );
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    lift() {
      callOff();
      parent.removeEventListener('abort', follow);
    },
  };
}
