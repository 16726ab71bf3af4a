/** Runs something once after that many ms; calling the result calls it off. Injected, so that tests need not wait. */
export type After = (ms: number, run: () => void) => () => void;

/** The clock, in ms since the epoch. */
export interface Clock {
  readonly now: () => number;
}

/** Node's own timer. */
export const afterReally: After = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};
