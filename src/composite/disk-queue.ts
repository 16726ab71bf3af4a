import type { Timers } from './timers.js';

/** What a disk queue is made of. */
export interface DiskQueueOptions {
  /** Longest that anyone waits for a piece of work: milliseconds. */
  readonly timeoutMs: number;
  readonly timers: Timers;
  /** Told how each piece of work ended, with the error if it failed or hangs; a late end is told too. Must not throw. */
  readonly onEnd: (error?: unknown) => void;
}

/**
 * Does work on a disk that may hang, as a network's does: one piece at a time, in the order asked. Fulfilled with what came
 * of it, undefined when it failed, hangs, or did not get its turn in time. As long as a piece hangs no other one begins,
 * since each would keep one of the few threads that Node has for files.
 */
export type DiskQueue = <Value>(work: () => Promise<Value>) => Promise<Value | undefined>;

/** Makes a disk queue. */
export function createDiskQueue({ timeoutMs, timers, onEnd }: DiskQueueOptions): DiskQueue {
  let queue: Promise<unknown> = Promise.resolve();
  let hanging = false;

  async function attempt<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
    if (hanging) return undefined;
    return patiently(settled(work), () => {
      hanging = true;
      onEnd(new Error(`no end within ${timeoutMs} ms`));
    });
  }

  async function settled<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
    try {
      const value = await work();
      onEnd();
      return value;
    } catch (error) {
      onEnd(error);
      return undefined;
    } finally {
      hanging = false;
    }
  }

  function patiently<Value>(
    end: Promise<Value>,
    onTimeout: () => void = () => undefined,
  ): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      const cancelTimer = timers.after(timeoutMs, () => {
        onTimeout();
        resolve(undefined);
      });
      end.finally(cancelTimer).then(resolve, reject);
    });
  }

  return (work) => {
    const turn = queue.then(() => attempt(work));
    queue = turn;
    return patiently(turn);
  };
}
