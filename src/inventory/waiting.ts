import { setMaxListeners } from 'node:events';
import { SchedulingError } from '../errors.js';

/**
 * Waits for something that others wait for too: when the signal aborts, this wait ends with CANCELLED or
 * DEADLINE_EXCEEDED and what was waited for goes on.
 */
export async function waitFor<Value>(shared: Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) {
    shared.catch(() => undefined);
    throw SchedulingError.from(signal.reason);
  }
  // One call may wait for many VMs at once, which is no leak.
  setMaxListeners(0, signal);
  return new Promise<Value>((resolve, reject) => {
    const onAbort = () => {
      reject(SchedulingError.from(signal.reason));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    shared.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
