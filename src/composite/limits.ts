import { SchedulingError } from '../domain/errors.js';

/** Times, counts and depths of a composite. Times are milliseconds. */
export interface CompositeLimits {
  /** How long before the caller's deadline members are given up on, so that the answer without them is still in time. */
  readonly answerMarginMs: number;
  /** Through how many composites a call may have come. */
  readonly maxDepth: number;
  /** Longest that a listing of all units waits for services of which nothing is known yet. */
  readonly discoverBudgetMs: number;
  /** A listing that could wait less than this, and less than the whole budget, doesn't log what it misses. */
  readonly patientListingMs: number;
  /** Longest that a service may take to list its units. */
  readonly listTimeoutMs: number;
  /** From one listing of a service to the next. */
  readonly relistIntervalMs: number;
  /** First pause after a failed listing of a service that was never listed; it doubles. */
  readonly listRetryMs: number;
  /** Longest such pause. */
  readonly maxListRetryMs: number;
  /** Units that one service may list. */
  readonly maxUnits: number;
  /** Failures in a row after which a service isn't asked any more. */
  readonly breakerFailures: number;
  /** First pause before a service that isn't asked any more is tried again; it doubles. */
  readonly breakerPauseMs: number;
  /** Longest such pause. */
  readonly maxBreakerPauseMs: number;
  /**
   * What a service is usually given: a late answer counts against a service when it had a tenth of its deadline, or of
   * this if that is less. Callers are seldom as patient as a generous deadline.
   */
  readonly usualDeadlineMs: number;
}

/** Limits of a composite that is told no others. */
export const DEFAULT_COMPOSITE_LIMITS: CompositeLimits = {
  answerMarginMs: 25,
  maxDepth: 4,
  discoverBudgetMs: 30_000,
  patientListingMs: 1000,
  listTimeoutMs: 5000,
  relistIntervalMs: 30_000,
  listRetryMs: 200,
  maxListRetryMs: 5000,
  maxUnits: 1000,
  breakerFailures: 3,
  breakerPauseMs: 1000,
  maxBreakerPauseMs: 30_000,
  usualDeadlineMs: 1000,
};

/** The defaults, with those that are given in their place. Throws INVALID_ARGUMENT for one that can't be. */
export function resolveCompositeLimits(given: Partial<CompositeLimits> = {}): CompositeLimits {
  const limits = { ...DEFAULT_COMPOSITE_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    const least = name === 'answerMarginMs' ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new SchedulingError(
        'INVALID_ARGUMENT',
        `limits.${name}: expected a whole number of ${least} or more, got ${value}`,
      );
    }
  }
  return limits;
}
