import type { After, Clock } from '../../src/lib/timers.js';

/** A clock that stands still until it is advanced, and timers that go by it. */
export interface FakeTime {
  readonly clock: Clock;
  readonly after: After;
  /** Moves the clock on, runs what falls due, and lets promises settle after each. */
  readonly advance: (ms: number) => Promise<void>;
  /** Sets the clock without running anything, as an administrator may. */
  readonly set: (now: number) => void;
  /** How far off the timers that are set are, in ms. */
  readonly pending: () => number[];
}

/** Starts at a time that is not 0. */
export function createFakeTime(start = 1_700_000_000_000): FakeTime {
  let now = start;
  let elapsed = 0;
  const timers = new Set<{ readonly due: number; readonly run: () => void }>();
  return {
    clock: { now: () => now },
    after(ms, run) {
      const timer = { due: elapsed + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      const end = elapsed + ms;
      for (;;) {
        await settle();
        const [next] = [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
        if (next === undefined) break;
        timers.delete(next);
        now += next.due - elapsed;
        elapsed = next.due;
        next.run();
      }
      now += end - elapsed;
      elapsed = end;
      await settle();
    },
    set: (time) => void (now = time),
    pending: () => [...timers].map(({ due }) => due - elapsed).sort((a, b) => a - b),
  };
}

/** Lets every promise that is ready settle. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
