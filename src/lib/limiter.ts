import { waitFor } from './deadline.js';

/** Bounds how many tasks run at one time; others wait in the order in which they came. */
export interface Limiter {
  /**
   * Runs a task in its turn. Rejects with the signal's reason when that aborts before the task's turn has come, and with
   * the error of `full` when too many wait already.
   */
  readonly run: <Value>(task: () => Promise<Value>, signal: AbortSignal) => Promise<Value>;
  /** Returns how many tasks run or wait. */
  readonly size: () => number;
}

/** How many tasks a limiter takes. */
export interface LimiterOptions {
  readonly maxRunning: number;
  readonly maxWaiting: number;
  /** Makes the error for a task that is one too many. */
  readonly full: (size: number) => Error;
}

/** Creates a limiter with nothing in it. */
export function createLimiter({ maxRunning, maxWaiting, full }: LimiterOptions): Limiter {
  const waiting = new Set<() => void>();
  let running = 0;

  async function turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (running < maxRunning) {
      running += 1;
      return;
    }
    if (waiting.size >= maxWaiting) throw full(running + waiting.size);
    let proceed: () => void = () => undefined;
    const called = new Promise<void>((resolve) => (proceed = resolve));
    waiting.add(proceed);
    try {
      await waitFor(called, signal);
    } catch (error) {
      // A turn that came in the same moment is the next one's.
      if (!waiting.delete(proceed)) next();
      throw error;
    }
  }

  /** Hands the place of a task that ended to the one that waits longest. */
  function next(): void {
    for (const proceed of waiting) {
      waiting.delete(proceed);
      proceed();
      return;
    }
    running -= 1;
  }

  return {
    async run(task, signal) {
      await turn(signal);
      try {
        // It may have aborted in the moment between its turn and now.
        signal.throwIfAborted();
        return await task();
      } finally {
        next();
      }
    },
    size: () => running + waiting.size,
  };
}
