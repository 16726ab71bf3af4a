import { SchedulingError } from '../domain/errors.js';
import type { After, Clock } from '../lib/timers.js';
import type { Reading } from './snapshot-reading.js';

/** When the engine is read again, in ms. */
export interface RefreshTimes {
  /** From the end of one reading to the begin of the next, more or less. */
  readonly refreshInterval: number;
  /** How much earlier or later, at random, so that several services do not read in step. */
  readonly refreshJitter: number;
  /** Pause after a reading that failed; doubled with each further failure, up to the interval. */
  readonly failurePause: number;
}

/** How a reading of the engine ended. */
export type RefreshOutcome =
  | ({ readonly ok: true; readonly durationMs: number } & Omit<Reading, 'snapshot' | 'began'>)
  | {
      readonly ok: false;
      readonly durationMs: number;
      readonly error: SchedulingError;
      readonly failures: number;
    };

/** What a refresher is made of. */
export interface RefresherOptions {
  /** Reads a snapshot; bounded in time by itself. */
  readonly read: (signal: AbortSignal) => Promise<Reading>;
  readonly times: RefreshTimes;
  readonly clock: Clock;
  readonly after: After;
  /** A number from 0 to 1, as Math.random gives it. */
  readonly random: () => number;
  /** Told of each reading's end, before whoever waits for it. Must not throw. */
  readonly onOutcome: (outcome: RefreshOutcome, reading: Reading | undefined) => void;
}

/** Reads again and again, one reading at a time, which whoever wants one shares. */
export interface Refresher {
  /** Begins the first reading, and from then on reads by itself. */
  readonly start: () => void;
  /** Joins the reading under way or begins one. Never rejects: how it ended is the outcome's matter. */
  readonly refresh: () => Promise<void>;
  readonly underWay: () => boolean;
  /** How long ago, in ms, the last reading ended, and how long it took; none yet: undefined. */
  readonly last: () => { readonly ago: number; readonly took: number } | undefined;
  /** Ends the reading under way and waits for its end; nothing is read afterwards. */
  readonly close: () => Promise<void>;
}

/** Makes a refresher; it reads nothing before it is told to. */
export function createRefresher(options: RefresherOptions): Refresher {
  const { read, times, clock, after, random, onOutcome } = options;
  const closing = new AbortController();
  let flight: Promise<void> | undefined;
  let last: { readonly end: number; readonly took: number } | undefined;
  let failures = 0;
  let cancelNext: () => void = () => undefined;

  async function fly(): Promise<void> {
    const begin = clock.now();
    let outcome: RefreshOutcome;
    let reading: Reading | undefined;
    try {
      reading = await read(closing.signal);
      const { hosts, vms, skipped } = reading;
      failures = 0;
      outcome = { ok: true, durationMs: clock.now() - begin, hosts, vms, skipped };
    } catch (thrown) {
      failures += 1;
      outcome = { ok: false, durationMs: clock.now() - begin, error: SchedulingError.from(thrown), failures };
    }
    last = { end: clock.now(), took: outcome.durationMs };
    flight = undefined;
    if (closing.signal.aborted) return;
    cancelNext = after(pause(), () => void refresh());
    onOutcome(outcome, reading);
  }

  function pause(): number {
    const usual = times.refreshInterval + (2 * random() - 1) * times.refreshJitter;
    // Capped before it is raised to a power that is no number any more.
    const backoff = times.failurePause * 2 ** Math.min(failures - 1, 30);
    return Math.max(0, Math.round(failures === 0 ? usual : Math.min(usual, backoff * (1 + random() / 4))));
  }

  function refresh(): Promise<void> {
    if (closing.signal.aborted) return Promise.resolve();
    if (flight === undefined) {
      cancelNext();
      flight = fly();
    }
    return flight;
  }

  return {
    start: () => void refresh(),
    refresh,
    underWay: () => flight !== undefined,
    last: () => (last === undefined ? undefined : { ago: clock.now() - last.end, took: last.took }),
    async close() {
      closing.abort(new SchedulingError('CANCELLED', 'the inventory is closed'));
      cancelNext();
      await flight;
    },
  };
}
