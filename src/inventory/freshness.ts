import { SchedulingError } from '../domain/errors.js';
import type { Snapshot } from '../domain/snapshot.js';
import type { After, Clock } from '../lib/timers.js';

/** Holds the newest snapshot, and knows whether it may still be used. */
export interface Freshness {
  /** Takes a new snapshot, and when its reading began by the clock, which makes the inventory available unless it is too old already. */
  readonly accept: (snapshot: Snapshot, began: number) => void;
  /** The newest snapshot, however old. */
  readonly newest: () => Snapshot | undefined;
  /** The newest snapshot; throws UNAVAILABLE when there is none that is fresh enough. */
  readonly current: () => Snapshot;
  readonly available: () => boolean;
  /** Calls off the timer. */
  readonly close: () => void;
}

/** What freshness is made of. */
export interface FreshnessOptions {
  /** Age in ms, counted from the begin of its reading, up to which a snapshot is used. */
  readonly maxStaleness: number;
  /** Why the last reading failed, if it did. */
  readonly lastFailure: () => SchedulingError | undefined;
  /** Told when the inventory becomes available or unavailable, by a timer even when nobody asks. Must not throw. */
  readonly onChange: (available: boolean, reason: string | undefined) => void;
  /** Has to be one that never goes back. */
  readonly clock: Clock;
  readonly after: After;
}

/** Starts without a snapshot, unavailable. */
export function createFreshness(options: FreshnessOptions): Freshness {
  const { maxStaleness, lastFailure, onChange, clock, after } = options;
  let newest: Snapshot | undefined;
  let began = 0;
  let available = false;
  let cancel: () => void = () => undefined;

  function problem(): string | undefined {
    const failure = lastFailure();
    if (newest === undefined) {
      return `the engine has not been read yet: ${failure?.message ?? 'the first reading is under way'}`;
    }
    const age = clock.now() - began;
    if (age <= maxStaleness) return undefined;
    const why =
      failure === undefined ? 'a reading is under way' : `the last reading failed: ${failure.message}`;
    return `the inventory is ${seconds(age)} s old, and may be ${seconds(maxStaleness)} s old at most; ${why}`;
  }

  /** Finds out where we are, tells of a change, and sets the timer for the next one. */
  function look(): string | undefined {
    const reason = problem();
    if (available !== (reason === undefined)) {
      available = reason === undefined;
      onChange(available, reason);
    }
    return reason;
  }

  function watch(): void {
    cancel();
    if (newest === undefined) return;
    const left = maxStaleness - (clock.now() - began);
    cancel = after(Math.max(1, left + 1), () => {
      // A timer may come a little early.
      if (look() === undefined) watch();
    });
  }

  return {
    accept(snapshot, beganAt) {
      newest = snapshot;
      began = beganAt;
      look();
      watch();
    },
    newest: () => newest,
    current() {
      const reason = look();
      if (newest === undefined || reason !== undefined) {
        throw new SchedulingError('UNAVAILABLE', reason ?? 'the engine has not been read yet');
      }
      return newest;
    },
    available: () => look() === undefined,
    close() {
      cancel();
    },
  };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 1 : 0);
}
