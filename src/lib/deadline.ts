import { setMaxListeners } from 'node:events';
import type { After } from './timers.js';

/** How long a task is waited for, and by whom. */
export interface TimeLimit {
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
  /** Longest wait: milliseconds; Infinity for none. */
  readonly ms: number;
  readonly after: After;
  /** Makes the error with which a wait that is too long rejects. */
  readonly late: () => Error;
}

/**
 * Runs a task within a time limit. At the end of the limit, or when its signal aborts, the task's own signal aborts and
 * the result rejects with the same reason, whatever the task does; what comes later is dropped.
 */
export async function runWithin<Value>(
  task: (signal: AbortSignal) => Promise<Value>,
  { signal, ms, after, late }: TimeLimit,
): Promise<Value> {
  signal.throwIfAborted();
  const own = linkAbort(signal);
  const callOff = after(ms, () => own.abort(late()));
  try {
    return await waitFor(task(own.signal), own.signal);
  } finally {
    callOff();
    own.unlink();
  }
}

/**
 * Waits for something that others may wait for too. When the signal aborts, this wait rejects with the signal's reason,
 * and what was waited for goes on.
 */
export async function waitFor<Value>(shared: Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) shared.catch(() => undefined);
  signal.throwIfAborted();
  // One call may wait for many things at once, which is no leak.
  setMaxListeners(0, signal);
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    // The reason of a signal is whatever it was aborted with, mostly an Error.
    onAbort = () => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([shared, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** An abort of one's own that also follows another signal. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  readonly abort: (reason?: unknown) => void;
  /** Stops following. AbortSignal.any would leave a trace on the followed signal for as long as that lives. */
  readonly unlink: () => void;
}

/** Makes an abort that follows `parent` until it is unlinked. */
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
