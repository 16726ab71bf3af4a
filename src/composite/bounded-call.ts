import { setMaxListeners } from 'node:events';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { endOf } from './call-time.js';
import type { Clock, Timers } from './timers.js';

/**
 * Runs something on behalf of a call, and waits for it until a time of its own at the latest, also when it ignores its
 * signal: what comes later is dropped. What is run gets a call whose deadline is that time, one composite deeper. Rejects
 * with DEADLINE_EXCEEDED, with why the caller's call ended, or with what was thrown.
 */
export function boundedCall<Value>(
  run: (call: Call) => Promise<Value>,
  call: Call,
  deadline: number,
  { clock, timers }: { readonly clock: Clock; readonly timers: Timers },
): Promise<Value> {
  return new Promise((resolve, reject) => {
    // A signal that has aborted already tells nobody.
    if (call.signal.aborted) throw endOf(call);
    const controller = new AbortController();
    const left = deadline - clock.now();
    const cancelTimer = timers.after(left, () =>
      giveUp(new SchedulingError('DEADLINE_EXCEEDED', `no answer within ${Math.round(left)} ms`)),
    );
    // One call may go to many members, which is no leak.
    setMaxListeners(0, call.signal);
    call.signal.addEventListener('abort', onAbort);
    const { requestId, depth = 0 } = call;
    runSafely({ requestId, signal: controller.signal, deadline, depth: depth + 1 }).then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(SchedulingError.from(error));
      },
    );

    async function runSafely(bounded: Call): Promise<Value> {
      return run(bounded);
    }

    function onAbort(): void {
      giveUp(endOf(call));
    }

    function giveUp(error: SchedulingError): void {
      settle();
      reject(error);
      controller.abort(error);
    }

    function settle(): void {
      cancelTimer();
      call.signal.removeEventListener('abort', onAbort);
    }
  });
}
