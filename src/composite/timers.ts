/** Tells the time: milliseconds since the epoch. */
export interface Clock {
  readonly now: () => number;
}

/** Runs something once after so many milliseconds; calling the result calls it off. Infinity: never. */
export interface Timers {
  readonly after: (ms: number, run: () => void) => () => void;
}

/** Longest that a timer of Node waits; with more it fires at once. Nobody waits 24 days for an answer. */
const MAX_TIMER_MS = 2_147_483_647;

/** Node's own timers. */
export const nodeTimers: Timers = {
  after(ms, run) {
    if (ms > MAX_TIMER_MS) return () => undefined;
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
