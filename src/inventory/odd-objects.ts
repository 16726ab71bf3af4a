import type { Log } from '../process/log.js';

/** Counts the objects of one listing that can't be used, and keeps the reasons of the first few. */
export interface OddTally {
  readonly add: (reason: string) => void;
  readonly count: () => number;
  readonly first: () => readonly string[];
}

/** Writes of objects that were skipped: at most a few lines a reading, and none when nothing about them changed. */
export interface OddObjects {
  readonly report: (kind: 'host' | 'vm', tally: OddTally) => void;
}

/** How many odd objects of a listing get a log line of their own. */
const MAX_LINES = 3;

/** Starts a tally for one listing. */
export function createOddTally(): OddTally {
  const first: string[] = [];
  let count = 0;
  return {
    add(reason) {
      count += 1;
      if (first.length < MAX_LINES) first.push(reason);
    },
    count: () => count,
    first: () => first,
  };
}

/** Makes a reporter that remembers what it wrote last. */
export function createOddObjects(log: Log): OddObjects {
  const written = new Map<string, string>();
  return {
    report(kind, tally) {
      const now = JSON.stringify([tally.count(), tally.first()]);
      if (now === (written.get(kind) ?? JSON.stringify([0, []]))) return;
      written.set(kind, now);
      for (const reason of tally.first()) log.warn('engine object skipped', { kind, reason });
      log.warn('engine objects skipped', { kind, count: tally.count() });
    },
  };
}
