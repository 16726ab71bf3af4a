import { SchedulingError } from '../domain/errors.js';
import { createLimiter, type Limiter } from '../lib/limiter.js';

/** Calls of plugins that wait for their turn: at 8 a time and 30 ms each, what is last in line would wait for 4 seconds. */
export const MAX_QUEUED_RUNS = 1000;

/** What a queue works with. */
export interface RunQueueOptions {
  /** How many runs go on at one time. */
  readonly maxRunning: number;
  /** Returns whether no owner may take more than half of the places, since there are others. */
  readonly isShared: () => boolean;
}

/** Runs tasks, so many at a time. While there are other owners no owner takes more than half of the places. */
export interface RunQueue {
  /**
   * Runs a task of an owner when its turn has come; its place is taken until the task ends. Rejects with
   * RESOURCE_EXHAUSTED when too many wait, and with the signal's reason when that aborts before the turn.
   */
  readonly run: <Value>(owner: string, task: () => Promise<Value>, signal: AbortSignal) => Promise<Value>;
  /** Returns how many run at a time, in words for one who has waited in vain. */
  readonly limitText: () => string;
}

/** Creates a queue with nothing to run. */
export function createRunQueue({ maxRunning, isShared }: RunQueueOptions): RunQueue {
  const everyone = createLimiter({ maxRunning, maxWaiting: Infinity, full: tooMany('plugins') });
  /** What passes one of these goes on to the places that all share. */
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

function half(places: number): number {
  return Math.max(Math.floor(places / 2), 1);
}

const tooMany = (whose: string) => (size: number) =>
  new SchedulingError('RESOURCE_EXHAUSTED', `${size} calls of ${whose} run or wait already`);
