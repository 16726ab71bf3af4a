import { SchedulingError } from '../domain/errors.js';

/** Counts the calls in flight over a server and turns further ones away. */
export interface Admission {
  /** Takes a place. Throws UNAVAILABLE once the server closes, RESOURCE_EXHAUSTED when no place is left. */
  readonly enter: () => void;
  /** Gives the place back. */
  readonly leave: () => void;
  /** Lets nobody in from now on; fulfilled when the last one has left. */
  readonly close: () => Promise<void>;
  /** Aborts, with UNAVAILABLE as its reason, when the server closes: a stream ends then at its next pause. */
  readonly closing: AbortSignal;
}

/** Opens the door for this many calls at a time. */
export function createAdmission(maxConcurrentCalls: number): Admission {
  const closing = new AbortController();
  const waiting: (() => void)[] = [];
  let inFlight = 0;
  return {
    enter() {
      closing.signal.throwIfAborted();
      if (inFlight >= maxConcurrentCalls) {
        throw new SchedulingError(
          'RESOURCE_EXHAUSTED',
          `${inFlight} calls are in flight, at most ${maxConcurrentCalls} are taken (server.maxConcurrentCalls); try again`,
        );
      }
      inFlight++;
    },
    leave() {
      inFlight--;
      if (inFlight === 0) for (const settle of waiting.splice(0)) settle();
    },
    close() {
      closing.abort(new SchedulingError('UNAVAILABLE', 'the server is shutting down; call another one'));
      return inFlight === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
    },
    closing: closing.signal,
  };
}
