import { SchedulingError } from '../domain/errors.js';
import type { Clock } from '../lib/timers.js';

/** How many runs go on at one time, and how many wait. */
export interface RunQueueLimits {
  readonly maxConcurrentRuns: number;
  readonly maxQueuedRuns: number;
}

/** What a queue works with. */
export interface RunQueueOptions {
  readonly limits: RunQueueLimits;
  readonly clock: Clock;
  /** Whether no owner may take more than half of the places, since there are others; not so unless said otherwise. */
  readonly isShared?: () => boolean;
}

/** Runs tasks, so many at a time. The owners of those that wait take turns; of one owner they run as they came. */
export interface RunQueue {
  /**
   * Runs a task of an owner when its turn has come; its place is taken until the task ends. Rejects with
   * RESOURCE_EXHAUSTED when too many wait, and when the signal aborts before the turn: with DEADLINE_EXCEEDED and how long
   * it has waited when time is over, with the signal's reason otherwise.
   */
  readonly run: <Value>(owner: string, task: () => Promise<Value>, signal: AbortSignal) => Promise<Value>;
}

/** The tasks of one owner. There is none for an owner without any. */
interface Share {
  running: number;
  /** Each begins when it is called. */
  readonly waiting: Set<() => void>;
}

/** Starts with nothing to run. */
export function createRunQueue({ limits, clock, isShared = () => false }: RunQueueOptions): RunQueue {
  const { maxConcurrentRuns, maxQueuedRuns } = limits;
  /** In the order of their turns: the one that had its turn last, or came last, is the last. */
  const shares = new Map<string, Share>();
  let running = 0;
  let queued = 0;

  const atMost = (places: number): number => (isShared() ? Math.max(Math.floor(places / 2), 1) : places);

  function shareOf(owner: string): Share {
    const share = shares.get(owner) ?? { running: 0, waiting: new Set() };
    shares.set(owner, share);
    return share;
  }

  /** Gives the places that are free to those that wait. */
  function beginNext(): void {
    const most = atMost(maxConcurrentRuns);
    while (running < maxConcurrentRuns && queued > 0) {
      const next = [...shares.values()].find((share) => share.waiting.size > 0 && share.running < most);
      if (next === undefined) return;
      const [begin] = next.waiting;
      begin?.();
    }
  }

  function enter(owner: string, share: Share): void {
    share.running++;
    running++;
    shares.delete(owner);
    shares.set(owner, share);
  }

  function leave(owner: string, share: Share): void {
    if (share.running === 0 && share.waiting.size === 0) shares.delete(owner);
  }

  function turn(owner: string, share: Share, signal: AbortSignal): Promise<void> {
    if (queued >= maxQueuedRuns || share.waiting.size >= atMost(maxQueuedRuns)) {
      const which = queued >= maxQueuedRuns ? 'plugins' : 'this plugin';
      const waiting = queued >= maxQueuedRuns ? queued : share.waiting.size;
      leave(owner, share);
      return Promise.reject(
        new SchedulingError(
          'RESOURCE_EXHAUSTED',
          `${waiting} calls of ${which} wait already (limits.maxQueuedRuns)`,
        ),
      );
    }
    const since = clock.now();
    return new Promise((resolve, reject) => {
      const stopWaiting = () => {
        signal.removeEventListener('abort', giveUp);
        share.waiting.delete(begin);
        queued--;
      };
      const begin = () => {
        stopWaiting();
        enter(owner, share);
        resolve();
      };
      const giveUp = () => {
        stopWaiting();
        leave(owner, share);
        reject(waitedFor(clock.now() - since, signal));
      };
      share.waiting.add(begin);
      queued++;
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  function waitedFor(ms: number, { reason }: AbortSignal): SchedulingError {
    const error = SchedulingError.from(reason);
    if (error.code !== 'DEADLINE_EXCEEDED') return error;
    const most = atMost(maxConcurrentRuns);
    const shared = most < maxConcurrentRuns ? `, ${most} of one plugin while there are others` : '';
    return new SchedulingError(
      'DEADLINE_EXCEEDED',
      `waited ${ms} ms for its turn, ${maxConcurrentRuns} calls run at a time (limits.maxConcurrentRuns)${shared}`,
    );
  }

  return {
    async run(owner, task, signal) {
      throwIfAborted(signal);
      const share = shareOf(owner);
      const isFree = running < maxConcurrentRuns && share.running < atMost(maxConcurrentRuns);
      if (isFree && share.waiting.size === 0) {
        enter(owner, share);
      } else await turn(owner, share, signal);
      try {
        // It may have aborted between its turn and now.
        throwIfAborted(signal);
        return await task();
      } finally {
        share.running--;
        running--;
        // Before any other, so that nobody slips in between.
        beginNext();
        leave(owner, share);
      }
    },
  };
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw SchedulingError.from(signal.reason);
}
