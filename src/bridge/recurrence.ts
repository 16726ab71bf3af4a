/** What keeps a log from saying the same thing again and again. */
export interface RecurrenceOptions {
  readonly clock: { readonly now: () => number };
  /** How long a thing is not told again, in milliseconds. */
  readonly intervalMs: number;
  /** How many things are remembered; beyond, the one that came up first is forgotten. */
  readonly maxKeys: number;
}

/** Counts how often things come up, and says when to tell of one: the first time, and then once an interval. */
export interface Recurrence {
  /** Counts a thing. Returns how often it came up since it was last told, if it is to be told now; otherwise undefined. */
  readonly toTell: (key: string) => number | undefined;
  /** Forgets a thing, and returns how often it came up in all; undefined when it never did. */
  readonly end: (key: string) => number | undefined;
  /** Whether nothing is remembered. */
  readonly isEmpty: () => boolean;
}

interface Entry {
  untold: number;
  total: number;
  toldAt: number;
}

/** Starts with nothing told. */
export function createRecurrence({ clock, intervalMs, maxKeys }: RecurrenceOptions): Recurrence {
  const entries = new Map<string, Entry>();

  function entryOf(key: string): Entry {
    const known = entries.get(key);
    if (known !== undefined) return known;
    const entry = { untold: 0, total: 0, toldAt: Number.NEGATIVE_INFINITY };
    entries.set(key, entry);
    const [oldest] = entries.keys();
    if (entries.size > maxKeys && oldest !== undefined) entries.delete(oldest);
    return entry;
  }

  return {
    toTell(key) {
      const entry = entryOf(key);
      entry.untold += 1;
      entry.total += 1;
      const now = clock.now();
      // A clock that was set back must not keep the log silent.
      if (now >= entry.toldAt && now - entry.toldAt < intervalMs) return undefined;
      const { untold } = entry;
      entry.untold = 0;
      entry.toldAt = now;
      return untold;
    },
    end(key) {
      const total = entries.get(key)?.total;
      entries.delete(key);
      return total;
    },
    isEmpty: () => entries.size === 0,
  };
}
