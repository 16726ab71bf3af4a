import { createLru } from '../lib/lru.js';
import type { Clock } from '../lib/timers.js';

/** How long the same thing is not told again: milliseconds. A line a minute shows that it lasts, and fills no disk. */
export const TELL_INTERVAL_MS = 60_000;

/** Things that are remembered; beyond, the one that came up longest ago is forgotten. Names may be made up by callers. */
export const MAX_THINGS = 1000;

/** Keeps a log from saying the same again and again: a thing with a code is told the first time, and then once an interval. */
export interface LogThrottle {
  /** Counts a thing. Returns how often it came up since it was last told, if it is to be told now; otherwise undefined. */
  readonly toTell: (what: string, code: string) => number | undefined;
  /** Forgets a thing with all its codes. Returns how often it came up in all, 0 when it never did. */
  readonly end: (what: string) => number;
  /** Reports whether nothing is remembered. */
  readonly isEmpty: () => boolean;
}

interface Entry {
  untold: number;
  total: number;
  toldAt: number;
}

/** Starts with nothing told. */
export function createLogThrottle(clock: Clock): LogThrottle {
  const things = createLru<string, Map<string, Entry>>(MAX_THINGS);

  function entryOf(what: string, code: string): Entry {
    const codes = things.get(what) ?? new Map<string, Entry>();
    if (codes.size === 0) things.set(what, codes);
    const entry = codes.get(code) ?? { untold: 0, total: 0, toldAt: Number.NEGATIVE_INFINITY };
    codes.set(code, entry);
    return entry;
  }

  return {
    toTell(what, code) {
      const entry = entryOf(what, code);
      entry.untold += 1;
      entry.total += 1;
      const now = clock.now();
      // A clock that was set back must not keep the log silent.
      if (now >= entry.toldAt && now - entry.toldAt < TELL_INTERVAL_MS) return undefined;
      const { untold } = entry;
      entry.untold = 0;
      entry.toldAt = now;
      return untold;
    },
    end(what) {
      const entries = [...(things.get(what)?.values() ?? [])];
      things.delete(what);
      return entries.reduce((sum, { total }) => sum + total, 0);
    },
    isEmpty: () => things.size() === 0,
  };
}
