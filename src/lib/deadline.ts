import { setMaxListeners } from 'node:events';
import type { After } from './timers.js';

/** The time limit of a task. */
export interface TimeLimit {
  /** Aborts when the result is no longer needed. */
  readonly signal: AbortSignal;
  /** Longest wait, in milliseconds; Infinity for no limit. */
  readonly ms: number;
  readonly after: After;
  /** Creates the error for a task that exceeds the limit. */
  readonly late: () => Error;
}

/**
 * Runs a task within a time limit. When the limit passes or its signal aborts, the signal given to the task aborts and
 * the result rejects with the same reason at once, even if the task goes on; its late result is ignored.
 */
export async function runWithin<Value>(
  task: (signal: AbortSignal) => Promise<Value>,
  { signal, ms, after, late }: TimeLimit,
): Promise<Value> {
  signal.throwIfAborted();
  const own = linkAbort(signal);
  const cancelTimer = after(ms, () => own.abort(late()));
  try {
    return await waitFor(task(own.signal), own.signal);
  } finally {
    cancelTimer();
    own.unlink();
  }
}

/**
 * Waits for a promise that others may share. Rejects with the signal's reason when that aborts; the shared work goes
 * on.
 */
export async function waitFor<Value>(shared: Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) shared.catch(() => undefined);
  signal.throwIfAborted();
  // One call may wait for many promises at once, which is no leak.
  setMaxListeners(0, signal);
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([shared, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** An abort controller whose signal also follows a parent signal. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  readonly abort: (reason?: unknown) => void;
  /** Stops following the parent. AbortSignal.any has no such way, and so would leak on a long-lived parent. */
  readonly unlink: () => void;
}

/** Creates an abort controller that follows `parent` until it is unlinked. */
export function linkAbort(parent: AbortSignal): LinkedAbort {
  const controller = new AbortController();
  setMaxListeners(0, parent);
  const follow = () => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => parent.removeEventListener('abort', follow),
  };
}
