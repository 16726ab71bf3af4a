import { SchedulingError } from '../domain/errors.js';
import { createLimiter, type Limiter } from '../lib/limiter.js';

/** Most waiting calls of each kind: at 8 at a time and 30 ms each, the last one would wait 4 seconds. */
export const MAX_QUEUED_RUNS = 1000;

/** Share of the slots that gateways leave to an engine, if there is more than one: enough for the locks of two clusters. */
export const ENGINE_SHARE = 0.25;

/** Options of a run queue. */
export interface RunQueueOptions {
  /** Most concurrent runs. */
  readonly maxRunning: number;
  /** Reports whether there are several owners, of which none may take more than half of the slots. */
  readonly isShared: () => boolean;
  /** True when an engine asks, to which gateways leave a share of the slots. False by default. */
  readonly hasEngine?: boolean | undefined;
}

/** Caller of a run. */
export interface RunCaller {
  /** Owner of the task, such as a plugin's file. */
  readonly owner: string;
  /** True when an engine waits for it and holds its scheduling lock. */
  readonly forEngine: boolean;
}

/**
 * A queue of tasks with limited concurrency. While there are several owners, each takes half of the slots at most. Gateways
 * leave a share of the slots to an engine, and wait apart.
 */
export interface RunQueue {
  /**
   * Runs a task once a slot is free. Rejects with RESOURCE_EXHAUSTED when too many wait, and with the signal's reason when
   * that aborts before the task starts.
   */
  readonly run: <Value>(caller: RunCaller, task: () => Promise<Value>, signal: AbortSignal) => Promise<Value>;
  /** Describes the limit of an engine, or of gateways, for the message of a call that waited in vain. */
  readonly limitText: (forEngine: boolean) => string;
}

/** Creates an empty queue. */
export function createRunQueue({ maxRunning, isShared, hasEngine = false }: RunQueueOptions): RunQueue {
  const slots = createLimiter({ maxRunning, maxWaiting: Infinity, full: tooMany('plugins') });
  const kept = hasEngine && maxRunning > 1 ? Math.max(1, Math.floor(maxRunning * ENGINE_SHARE)) : 0;
  const forGateways = maxRunning - kept;
  const engine = createLane(maxRunning, isShared);
  const gateways = createLane(forGateways, isShared);

  return {
    run: ({ owner, forEngine }, task, signal) =>
      (forEngine ? engine : gateways)(owner, () => slots.run(task, signal), signal),
    limitText(forEngine) {
      const most = forEngine ? maxRunning : forGateways;
      const rest = most < maxRunning ? `, ${kept} more for the engine` : '';
      const shared = isShared() ? `, ${half(most)} of one plugin while there are others` : '';
      return `${most} calls run at a time (plugins.maxConcurrentRuns${rest})${shared}`;
    },
  };
}

type Lane = <Value>(owner: string, task: () => Promise<Value>, signal: AbortSignal) => Promise<Value>;

/** Creates the queue of one kind of callers. */
function createLane(maxRunning: number, isShared: () => boolean): Lane {
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

  return async (owner, task, signal) => {
    if (waitingOrRunning >= maxRunning + MAX_QUEUED_RUNS) throw tooMany('plugins')(waitingOrRunning);
    waitingOrRunning++;
    try {
      return await (isShared() ? runShared(owner, task, signal) : everyone.run(task, signal));
    } finally {
      waitingOrRunning--;
    }
  };
}

function half(slots: number): number {
  return Math.max(Math.floor(slots / 2), 1);
}

const tooMany = (whose: string) => (size: number) =>
  new SchedulingError('RESOURCE_EXHAUSTED', `${size} calls of ${whose} run or wait already`);
