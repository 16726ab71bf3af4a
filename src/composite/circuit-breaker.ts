import type { After } from '../lib/timers.js';
import type { BreakerState } from '../process/metrics.js';

/** What the end of a call says of the service: that it works, that it doesn't, or neither. */
export type Verdict = 'good' | 'bad' | 'neutral';

/** Longest pause before a service is tried again: milliseconds. Whoever mends a service waits no longer for its units. */
export const MAX_BREAKER_PAUSE_MS = 30_000;

/** What a breaker is made of. */
export interface CircuitBreakerOptions {
  /** Bad calls in a row that open it. */
  readonly failures: number;
  /** First pause before the service is tried again: milliseconds. It doubles, up to {@link MAX_BREAKER_PAUSE_MS} unless it is longer itself. */
  readonly pauseMs: number;
  readonly after: After;
  /** Called to have the service listed in the background; its end is told by `listed` or `notListed`. */
  readonly probe: () => void;
  /** Called at each change of state, with the reason unless it closes. Must not throw. */
  readonly onChange: (state: BreakerState, reason?: string) => void;
}

/** Keeps calls from a service that is down, so that it costs them no time. */
export interface CircuitBreaker {
  readonly state: () => BreakerState;
  /** Returns why calls are not let through, in words. */
  readonly refusal: () => string;
  /** Lets one call through: what it returns is to be called at the call's end. Returns undefined when none is let through. */
  readonly admit: () => ((verdict: Verdict, reason?: string) => void) | undefined;
  /** Tells it that the service was listed. */
  readonly listed: () => void;
  /** Tells it that the service could not be listed; `dead` when nothing answered at all, which counts like a bad call. */
  readonly notListed: (reason: string, dead: boolean) => void;
  /** Tells it that the service shows signs of life: what made it fail may be over. */
  readonly revived: () => void;
  /** Stops its timer. */
  readonly close: () => void;
}

/**
 * Creates a breaker, closed.
 *
 * Several bad calls in a row open it. It is tried again by listing the service in the background, after a pause or when
 * the service shows signs of life, never by making a caller wait. A good listing makes it half-open: one real call is let
 * through, and only the good end of that one closes the breaker. A bad end opens it for twice the pause, since a service
 * may list well and still hang on every real call; and so does a listing that nothing answers.
 */
export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { after, probe, onChange } = options;
  let state: BreakerState = 'closed';
  /** Bad ends in a row while closed. */
  let failures = 0;
  let reason = '';
  let pauseMs = options.pauseMs;
  let isPauseOver = false;
  let lastListingFailed = false;
  let isOnTrial = false;
  /** Changes with the state: a call's end says nothing of a state in which it was not let through. */
  let era = 0;
  let callOff: () => void = () => undefined;

  function enter(next: BreakerState): void {
    callOff();
    state = next;
    era += 1;
    failures = 0;
    isOnTrial = false;
    onChange(next, next === 'closed' ? undefined : reason);
  }

  function pause(): void {
    isPauseOver = false;
    callOff = after(pauseMs, () => {
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
      return (verdict, why = '') => {
        if (era === admittedIn) end(verdict, why);
      };
    },
    listed() {
      // A good listing right after a bad one means that the service came back, whatever is left of the pause.
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
      callOff();
      isPauseOver = true;
      probe();
    },
    close: () => callOff(),
  };
}
