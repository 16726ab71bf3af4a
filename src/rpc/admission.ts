import { SchedulingError } from '../domain/errors.js';

/** A limit of the calls in flight of a server, which refuses further ones. */
export interface Admission {
  /** Admits a call. Throws UNAVAILABLE once the server closes, RESOURCE_EXHAUSTED at the limit. */
  readonly enter: () => void;
  /** Ends an admitted call. */
  readonly leave: () => void;
  /** Admits no more calls. Resolves when the last one has ended. */
  readonly close: () => Promise<void>;
  /** Aborts with UNAVAILABLE when the server closes: a stream then ends after its current answer. */
  readonly closing: AbortSignal;
}

/** Creates the limit of that many concurrent calls. */
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
          `${inFlight} calls are in flight, at most ${maxConcurrentCalls} are accepted (server.maxConcurrentCalls); try again`,
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
