/** A clock: milliseconds since the epoch, or since an arbitrary moment for one that never goes back. */
export interface Clock {
  readonly now: () => number;
}

/** Runs something once after a number of milliseconds; calling the result calls it off. Injected, so that tests need not wait. */
export type After = (ms: number, run: () => void) => () => void;

/** Longest wait that a timer of Node can hold: milliseconds. With more it fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Starts a timer of Node. A wait longer than {@link MAX_TIMER_MS}, such as Infinity, never ends. */
export const nodeAfter: After = (ms, run) => {
  if (ms > MAX_TIMER_MS) return () => undefined;
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};
