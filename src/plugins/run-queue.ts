import { SchedulingError } from '../errors.js';

/** How many runs go on at one time, and how many wait. */
export interface RunQueueLimits {
  readonly maxConcurrentRuns: number;
  readonly maxQueuedRuns: number;
}

/** Runs tasks in the order in which they came, so many at a time. */
export interface RunQueue {
  /**
   * Runs a task when its turn has come. Rejects with RESOURCE_EXHAUSTED when too many wait, and with the signal's reason
   * when it aborts before the turn.
   */
  readonly run: <Value>(task: () => Promise<Value>, signal: AbortSignal) => Promise<Value>;
}

/** Starts with nothing to run. */
export function createRunQueue({ maxConcurrentRuns, maxQueuedRuns }: RunQueueLimits): RunQueue {
  const waiting = new Set<() => void>();
  let running = 0;

  function turn(signal: AbortSignal): Promise<void> {
    if (waiting.size >= maxQueuedRuns) {
      return Promise.reject(
        new SchedulingError(
          'RESOURCE_EXHAUSTED',
          `${maxQueuedRuns} calls of plugins wait already (limits.maxQueuedRuns)`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        waiting.delete(begin);
        reject(SchedulingError.from(signal.reason));
      };
      waiting.add(begin);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  return {
    async run(task, signal) {
      if (signal.aborted) throw SchedulingError.from(signal.reason);
      if (running < maxConcurrentRuns) running++;
      // The one that ends hands its place on, so that nobody slips in between.
      else await turn(signal);
      try {
        return await task();
      } finally {
        const [next] = waiting;
        if (next === undefined) running--;
        else {
          waiting.delete(next);
          next();
        }
      }
    },
  };
}
