import type { After } from '../lib/timers.js';
import type { BreakerState } from '../process/metrics.js';

/** Evidence that the end of a call gives: the service works, does not work, or neither. */
export type Verdict = 'good' | 'bad' | 'neutral';

/** Longest pause between two probes, in ms: how long the units of a repaired service stay away at most. */
export const MAX_BREAKER_PAUSE_MS = 30_000;

/** Options of a circuit breaker. */
export interface CircuitBreakerOptions {
  /** Consecutive failures that open the circuit. */
  readonly failures: number;
  /** Pause before the first probe, in ms. It doubles up to {@link MAX_BREAKER_PAUSE_MS}, or stays if it is longer. */
  readonly pauseMs: number;
  readonly after: After;
}

/** The listeners of a composite to the circuit breaker of one of its members. */
export interface BreakerWatcher {
  /** Called to list the service in the background; the outcome comes in by `listed` or `notListed`. */
  readonly probe: () => void;
  /** Called on each change of state, with the reason unless the circuit closes. Must not throw. */
  readonly onChange: (state: BreakerState, reason?: string) => void;
}

/** Circuit breaker: fails calls to a service that is down at once, so that they cost no time. */
export interface CircuitBreaker {
  readonly state: () => BreakerState;
  /** Returns the message for a refused call. */
  readonly refusal: () => string;
  /** Admits a call and returns the function to report its end with, or undefined for a refused call. */
  readonly admit: () => ((verdict: Verdict, reason?: string) => void) | undefined;
  /** Reports that the service was listed. */
  readonly listed: () => void;
  /** Reports a failed listing; `dead` if nothing answered at all, which counts as a bad call. */
  readonly notListed: (reason: string, dead: boolean) => void;
  /** Reports a sign of life, such as a new connection: probes at once. */
  readonly revived: () => void;
  /**
   * Calls a watcher in place of those before it, since a composite takes over from another one. Returns how to end
   * that; with the last watcher the timer stops.
   */
  readonly watch: (watcher: BreakerWatcher) => () => void;
}

/**
 * Creates a closed circuit breaker.
 *
 * Consecutive failures open it. The bad calls that were under way when one of them failed are the same failure: a lost
 * connection, or one replica of several that hangs, ends many at once. The service is then probed by listings in the
 * background, after a pause or at a sign of life, so that no caller ever waits to find out. A good listing makes it half-open:
 * it admits one real call, and only the good end of that call closes it. A bad end opens it again and doubles the pause, since
 * a service may list well and still hang on every real call; a probe that nothing answers doubles it too.
 */
export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { after } = options;
  const watchers: BreakerWatcher[] = [];
  let state: BreakerState = 'closed';
  let failures = 0;
  let reason = '';
  let pauseMs = options.pauseMs;
  let isPauseOver = false;
  let lastListingFailed = false;
  let isOnTrial = false;
  /** Counts changes of state: the end of a call admitted in an earlier state proves nothing about this one. */
  let era = 0;
  /** Counts failures, also of listings: bad ends of calls that were under way together are one failure. */
  let failuresEver = 0;
  let cancelProbe: () => void = () => undefined;

  function enter(next: BreakerState): void {
    cancelProbe();
    state = next;
    era += 1;
    failures = 0;
    isOnTrial = false;
    watchers.at(-1)?.onChange(next, next === 'closed' ? undefined : reason);
  }

  function probe(): void {
    watchers.at(-1)?.probe();
  }

  function pause(): void {
    isPauseOver = false;
    cancelProbe = after(pauseMs, () => {
      isPauseOver = true;
      probe();
    });
  }

  function doublePause(): void {
    pauseMs = Math.min(2 * pauseMs, Math.max(options.pauseMs, MAX_BREAKER_PAUSE_MS));
  }

  function fail(why: string): void {
    reason = why;
    failures += 1;
    failuresEver += 1;
    if (state === 'closed' && failures < options.failures) return;
    if (state === 'half-open') doublePause();
    enter('open');
    pause();
  }

  function end(verdict: Verdict, why: string): void {
    isOnTrial = false;
    if (verdict === 'bad') fail(why);
    if (verdict !== 'good') return;
    failures = 0;
    pauseMs = options.pauseMs;
    if (state === 'half-open') enter('closed');
  }

  return {
    state: () => state,
    refusal: () => `down${state === 'half-open' ? ', and being tried again now' : ''} (${reason})`,
    admit() {
      if (state === 'open' || isOnTrial) return undefined;
      isOnTrial = state === 'half-open';
      const admittedIn = era;
      const failuresBefore = failuresEver;
      return (verdict, why = '') => {
        const isCounted = verdict === 'bad' && failuresEver > failuresBefore;
        if (era === admittedIn && !isCounted) end(verdict, why);
      };
    },
    listed() {
      // A good listing after a bad one shows that the service came back, whatever is left of the pause.
      if (state === 'open' && (isPauseOver || lastListingFailed)) enter('half-open');
      lastListingFailed = false;
    },
    notListed(why, dead) {
      lastListingFailed = true;
      if (state !== 'open') {
        if (dead) fail(why);
      } else if (isPauseOver) {
        reason = why;
        doublePause();
        pause();
      }
    },
    revived() {
      if (state !== 'open') return;
      cancelProbe();
      isPauseOver = true;
      probe();
    },
    watch(watcher) {
      watchers.push(watcher);
      return () => {
        watchers.splice(watchers.indexOf(watcher), 1);
        if (watchers.length === 0) cancelProbe();
      };
    },
  };
}
