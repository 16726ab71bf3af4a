import type { CompositeLimits } from './limits.js';
import type { Timers } from './timers.js';

/** Closed: calls are let through. Open: none is. Half-open: one is, as a trial. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** What the end of a call says of the service: that it works, that it doesn't, or neither. */
export type Verdict = 'good' | 'bad' | 'neutral';

/** Leave to make one call. */
export interface Permit {
  /** Has to be called when the call has ended; a bad verdict comes with its reason. */
  readonly end: (verdict: Verdict, reason?: string) => void;
}

/** What a breaker is made of. */
export interface BreakerOptions {
  readonly limits: Pick<CompositeLimits, 'breakerFailures' | 'breakerPauseMs' | 'maxBreakerPauseMs'>;
  readonly timers: Timers;
  /** Has the service listed in the background; its end is told by `listed` or `notListed`. */
  readonly probe: () => void;
  /** Told of each change of state, with the reason unless it closes. Must not throw. */
  readonly onChange: (state: BreakerState, reason?: string) => void;
}

/** Keeps calls from a service that is down, so that it costs them no time. */
export interface Breaker {
  readonly state: () => BreakerState;
  /** Why calls are not let through, in words. */
  readonly refusal: () => string;
  /** Leave to make a call; undefined: not now. */
  readonly admit: () => Permit | undefined;
  /** The service was listed. */
  readonly listed: () => void;
  /** The service could not be listed; `dead` when nothing answered at all, which counts like a bad call. */
  readonly notListed: (reason: string, dead: boolean) => void;
  /** The channel to the service came back: what made it fail may be over. */
  readonly reconnected: () => void;
  /** Stops its timer. */
  readonly close: () => void;
}

/**
 * Makes a breaker, closed.
 *
 * Several bad calls in a row open it. It is tried again by listing the service in the background, after a pause or when
 * the channel comes back, never by making a caller wait. A good listing makes it half-open: one real call is let through,
 * and only the good end of that one closes the breaker. A bad end opens it for twice the pause, since a service may list
 * well and still hang on every real call; and so does a listing that nothing answers.
 */
export function createBreaker({ limits, timers, probe, onChange }: BreakerOptions): Breaker {
  let state: BreakerState = 'closed';
  /** Bad ends in a row while closed. */
  let failures = 0;
  let reason = '';
  let pause = limits.breakerPauseMs;
  /** Whether the pause is over. */
  let due = false;
  let listingFailed = false;
  let trialUnderWay = false;
  /** Changes with the state: a call's end says nothing of a state in which it was not let through. */
  let era = 0;
  let cancelTimer: () => void = () => undefined;

  function enter(next: BreakerState): void {
    cancelTimer();
    state = next;
    era += 1;
    failures = 0;
    trialUnderWay = false;
    onChange(next, next === 'closed' ? undefined : reason);
  }

  function waitForPause(): void {
    cancelTimer();
    due = false;
    cancelTimer = timers.after(pause, () => {
      due = true;
      probe();
    });
  }

  function doublePause(): void {
    pause = Math.min(2 * pause, limits.maxBreakerPauseMs);
  }

  function open(): void {
    enter('open');
    waitForPause();
  }

  function countFailure(why: string): void {
    reason = why;
    failures += 1;
    if (failures >= limits.breakerFailures) open();
  }

  function endCall(verdict: Verdict, why: string): void {
    if (verdict === 'good') failures = 0;
    if (verdict === 'bad') countFailure(why);
  }

  function endTrial(verdict: Verdict, why: string): void {
    trialUnderWay = false;
    if (verdict === 'good') {
      pause = limits.breakerPauseMs;
      enter('closed');
    } else if (verdict === 'bad') reopen(why);
  }

  function reopen(why: string): void {
    reason = why;
    doublePause();
    open();
  }

  return {
    state: () => state,
    refusal: () =>
      state === 'half-open' ? `down, and being tried again now (${reason})` : `down (${reason})`,
    admit() {
      if (state === 'open' || trialUnderWay) return undefined;
      const end = state === 'half-open' ? endTrial : endCall;
      const admittedIn = era;
      trialUnderWay = state === 'half-open';
      return {
        end(verdict, why = '') {
          if (era === admittedIn) end(verdict, why);
        },
      };
    },
    listed() {
      // A good listing right after a bad one means that the service came back, whatever is left of the pause.
      if (state === 'open' && (due || listingFailed)) enter('half-open');
      listingFailed = false;
    },
    notListed(why, dead) {
      listingFailed = true;
      if (state === 'closed' && dead) countFailure(why);
      // It died after the listing that made it half-open: that costs no caller the time of a trial.
      else if (state === 'half-open' && dead) reopen(why);
      else if (state === 'open' && due) {
        reason = why;
        doublePause();
        waitForPause();
      }
    },
    reconnected() {
      if (state !== 'open') return;
      cancelTimer();
      due = true;
      probe();
    },
    close: () => cancelTimer(),
  };
}

/** The breaker of a service in this process: nothing opens it. */
export const NO_BREAKER: Breaker = {
  state: () => 'closed',
  refusal: () => '',
  admit: () => ({ end: () => undefined }),
  listed: () => undefined,
  notListed: () => undefined,
  reconnected: () => undefined,
  close: () => undefined,
};
