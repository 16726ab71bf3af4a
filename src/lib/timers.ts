/** A clock, in milliseconds since the epoch; a monotonic one since an arbitrary moment. */
export interface Clock {
  readonly now: () => number;
}

/** Schedules a callback once, in milliseconds. Returns a cancel function. Injected, so that tests need not wait. */
export type After = (ms: number, run: () => void) => () => void;

/** Longest delay of a Node timer, in milliseconds, almost 25 days. A longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Schedules by setTimeout, after {@link MAX_TIMER_MS} at the latest. A delay of Infinity never ends. */
export const nodeAfter: After = (ms, run) => {
  if (ms === Infinity) return () => undefined;
  const timer = setTimeout(run, Math.min(ms, MAX_TIMER_MS));
  return () => clearTimeout(timer);
};
