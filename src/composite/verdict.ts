import type { PolicyUnitService } from '../domain/contract.js';
import type { SchedulingErrorCode } from '../domain/errors.js';
import type { Verdict } from './breaker.js';

/** A method of a service. */
export type Method = keyof PolicyUnitService;

/** How a call of a member ended. */
export interface MemberCallEnd {
  readonly method: Method;
  readonly code: 'OK' | SchedulingErrorCode;
  /** Whether the caller's own call had ended by then. */
  readonly callerLeft: boolean;
  /** How long the member was given: milliseconds. */
  readonly givenMs: number;
  /** Longest that a call waits for this member, and what a service is usually given: milliseconds. */
  readonly deadlineMs: number;
  readonly usualDeadlineMs: number;
}

/** A late answer counts when the member had at least this part of its deadline, or of the usual one if that is less. */
const FAIR_SHARE = 0.1;

/**
 * What the end of a call says of the member. UNAVAILABLE, INTERNAL, and DEADLINE_EXCEEDED after a fair time are bad.
 *
 * RESOURCE_EXHAUSTED is neither: it comes at once, so it costs no time to ask again, and it is as often about a request
 * that is too large as about a service that is too busy. INTERNAL of balanceHosts is neither: that method has one unit,
 * whose bug must not keep callers from the service's other units. The other codes are about the request, so the service
 * works.
 */
export function verdictOf({
  method,
  code,
  callerLeft,
  givenMs,
  deadlineMs,
  usualDeadlineMs,
}: MemberCallEnd): Verdict {
  if (callerLeft) return 'neutral';
  switch (code) {
    case 'OK':
    case 'NOT_FOUND':
    case 'INVALID_ARGUMENT':
    case 'UNIMPLEMENTED':
      return 'good';
    case 'UNAVAILABLE':
      return 'bad';
    case 'INTERNAL':
      return method === 'balanceHosts' ? 'neutral' : 'bad';
    case 'DEADLINE_EXCEEDED':
      return givenMs < FAIR_SHARE * Math.min(deadlineMs, usualDeadlineMs) ? 'neutral' : 'bad';
    case 'RESOURCE_EXHAUSTED':
    case 'CANCELLED':
      return 'neutral';
  }
}
