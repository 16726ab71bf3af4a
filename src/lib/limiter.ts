import { waitFor } from './deadline.js';

/** Limits how many tasks run concurrently; the others wait in arrival order. */
export interface Limiter {
  /**
   * Runs a task once a slot is free. Rejects with the signal's reason when that aborts before the task starts, and with
   * the error of `full` when the queue is full.
   */
  readonly run: <Value>(task: () => Promise<Value>, signal: AbortSignal) => Promise<Value>;
  /** Returns the number of tasks that run or wait. */
  readonly size: () => number;
}

/** Options of a limiter. */
export interface LimiterOptions {
  readonly maxRunning: number;
  readonly maxWaiting: number;
  /** Creates the error for a task that finds the queue full. */
  readonly full: (size: number) => Error;
}

/** Creates an idle limiter. */
export function createLimiter({ maxRunning, maxWaiting, full }: LimiterOptions): Limiter {
  const waiting = new Set<() => void>();
  let running = 0;

  async function acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (running < maxRunning) {
      running += 1;
      return;
    }
    if (waiting.size >= maxWaiting) throw full(running + waiting.size);
    let grant: () => void = () => undefined;
    const granted = new Promise<void>((resolve) => (grant = resolve));
    waiting.add(grant);
    try {
      await waitFor(granted, signal);
    } catch (error) {
      // A slot granted at the same moment goes to the next one.
      if (!waiting.delete(grant)) release();
      throw error;
    }
  }

  /** Hands the slot of a finished task to the one that waited longest. */
  function release(): void {
    for (const grant of waiting) {
      waiting.delete(grant);
      grant();
      return;
    }
    running -= 1;
  }

  return {
    async run(task, signal) {
      await acquire(signal);
      try {
        // The signal may have aborted just after the slot was granted.
        signal.throwIfAborted();
        return await task();
      } finally {
        release();
      }
    },
    size: () => running + waiting.size,
  };
}
