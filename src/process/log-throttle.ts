import { createLru } from '../lib/lru.js';
import type { Clock } from '../lib/timers.js';

/** Interval between two reports of the same thing, in ms. A line a minute shows that it lasts, and fills no disk. */
export const REPORT_INTERVAL_MS = 60_000;

/** Most topics that are remembered, since callers may make up names; the one unused longest is forgotten. */
export const MAX_TOPICS = 1000;

/** Throttle of repeated log lines: a topic with a code is reported at first, then once per interval. */
export interface LogThrottle {
  /** Counts an occurrence. Returns the number of occurrences since the last report if one is due, else undefined. */
  readonly count: (topic: string, code: string) => number | undefined;
  /** Forgets a topic with all its codes. Returns the total number of its occurrences. */
  readonly end: (topic: string) => number;
  /** Reports whether no topic is remembered. */
  readonly isEmpty: () => boolean;
}

interface Entry {
  unreported: number;
  total: number;
  reportedAt: number;
}

/** Creates an empty log throttle. */
export function createLogThrottle(clock: Clock): LogThrottle {
  const topics = createLru<string, Map<string, Entry>>(MAX_TOPICS);

  function entryOf(topic: string, code: string): Entry {
    const codes = topics.get(topic) ?? new Map<string, Entry>();
    if (codes.size === 0) topics.set(topic, codes);
    const entry = codes.get(code) ?? { unreported: 0, total: 0, reportedAt: Number.NEGATIVE_INFINITY };
    codes.set(code, entry);
    return entry;
  }

  return {
    count(topic, code) {
      const entry = entryOf(topic, code);
      entry.unreported += 1;
      entry.total += 1;
      const now = clock.now();
      // A clock that was set back must not silence the log.
      if (now >= entry.reportedAt && now - entry.reportedAt < REPORT_INTERVAL_MS) return undefined;
      const { unreported } = entry;
      entry.unreported = 0;
      entry.reportedAt = now;
      return unreported;
    },
    end(topic) {
      const entries = [...(topics.get(topic)?.values() ?? [])];
      topics.delete(topic);
      return entries.reduce((sum, { total }) => sum + total, 0);
    },
    isEmpty: () => topics.size() === 0,
  };
}
