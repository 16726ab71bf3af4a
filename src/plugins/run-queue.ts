import { SchedulingError } from '../domain/errors.js';
import { createLimiter, type Limiter } from '../lib/limiter.js';

/** Most waiting calls: at 8 at a time and 30 ms each, the last one would wait 4 seconds. */
export const MAX_QUEUED_RUNS = 1000;

/** Options of a run queue. */
export interface RunQueueOptions {
  /** Most concurrent runs. */
  readonly maxRunning: number;
  /** Reports whether there are several owners, of which none may take more than half of the slots. */
  readonly isShared: () => boolean;
}

/** A queue of tasks with limited concurrency. While there are several owners, each takes half of the slots at most. */
export interface RunQueue {
  /**
   * Runs a task of an owner once a slot is free. Rejects with RESOURCE_EXHAUSTED when too many wait, and with the signal's
   * reason when that aborts before the task starts.
   */
  readonly run: <Value>(owner: string, task: () => Promise<Value>, signal: AbortSignal) => Promise<Value>;
  /** Describes the limit, for the message of a call that waited in vain. */
  readonly limitText: () => string;
}

/** Creates an empty queue. */
export function createRunQueue({ maxRunning, isShared }: RunQueueOptions): RunQueue {
  const everyone = createLimiter({ maxRunning, maxWaiting: Infinity, full: tooMany('plugins') });
  /** Limiters by owner, in front of the shared one. */
  const owners = new Map<string, Limiter>();
  let waitingOrRunning = 0;

  async function runShared<Value>(
    owner: string,
    task: () => Promise<Value>,
    signal: AbortSignal,
  ): Promise<Value> {
    const own =
      owners.get(owner) ??
      createLimiter({
        maxRunning: half(maxRunning),
        maxWaiting: half(MAX_QUEUED_RUNS),
        full: tooMany('this plugin'),
      });
    owners.set(owner, own);
    try {
      return await own.run(() => everyone.run(task, signal), signal);
    } finally {
      if (own.size() === 0) owners.delete(owner);
    }
  }

  return {
    async run(owner, task, signal) {
      if (waitingOrRunning >= maxRunning + MAX_QUEUED_RUNS) throw tooMany('plugins')(waitingOrRunning);
      waitingOrRunning++;
      try {
        return await (isShared() ? runShared(owner, task, signal) : everyone.run(task, signal));
      } finally {
        waitingOrRunning--;
      }
    },
    limitText() {
      const shared = isShared() ? `, ${half(maxRunning)} of one plugin while there are others` : '';
      return `${maxRunning} calls run at a time (plugins.maxConcurrentRuns)${shared}`;
    },
  };
}

function half(slots: number): number {
  return Math.max(Math.floor(slots / 2), 1);
}

const tooMany = (whose: string) => (size: number) =>
  new SchedulingError('RESOURCE_EXHAUSTED', `${size} calls of ${whose} run or wait already`);
