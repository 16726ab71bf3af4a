import type { Call } from '../domain/contract.js';
import { INTERNAL_ERROR_TEXT, SchedulingError, type SchedulingErrorCode } from '../domain/errors.js';
import { runWithin } from '../lib/deadline.js';
import { stackOf } from '../lib/text.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { BreakerState } from '../process/metrics.js';
import { createCircuitBreaker, type CircuitBreaker, type Verdict } from './circuit-breaker.js';
import type { Member } from './member.js';

/** What callers usually give a service: milliseconds. Few are as patient as a generous deadline of a service. */
const USUAL_DEADLINE_MS = 1000;

/** A late answer counts when the service had at least this part of its deadline, or of the usual one if that is less. */
const FAIR_SHARE = 0.1;

/** One call of a member that has ended. */
export interface MemberCall {
  readonly service: string;
  readonly method: string;
  readonly code: 'OK' | SchedulingErrorCode;
  readonly durationMs: number;
}

/** A change of a member's breaker. */
export interface BreakerChange {
  readonly service: string;
  readonly state: BreakerState;
  /** Why the service is taken to be down; absent when it is back. */
  readonly reason?: string;
}

/** What all endpoints of a composite have in common. */
export interface EndpointOptions {
  readonly settings: { readonly breakerFailures: number; readonly breakerPause: number };
  readonly log: Log;
  readonly clock: Clock;
  /** Measures calls; never goes back. */
  readonly steady: Clock;
  readonly after: After;
  /** Called at the end of each call. Must not throw. */
  readonly onMemberCall: (call: MemberCall) => void;
  /** Called when a breaker opens, half-opens or closes. Must not throw. */
  readonly onBreakerChange: (change: BreakerChange) => void;
}

/** What to ask: a method, how to call it, and how to check its answer; what `read` finds wrong with it, it throws. */
export interface Question<Answer, Read> {
  readonly method: string;
  readonly run: (member: Member, call: Call) => Promise<Answer>;
  readonly read: (answer: Answer) => Read;
}

/** What a member answered, or why it didn't; `asked` is false when its breaker kept the call from it. */
export type MemberAnswer<Read> =
  | { readonly value: Read; readonly error?: never }
  | { readonly error: SchedulingError; readonly asked: boolean; readonly value?: never };

/** One member as it is called. */
export interface Endpoint {
  readonly member: Member;
  /** Absent for a service of this process: nothing opens it. */
  readonly breaker: CircuitBreaker | undefined;
  /** Asks it within the caller's time and its own deadline, if its breaker lets the call through. Never rejects. */
  readonly ask: <Answer, Read>(
    question: Question<Answer, Read>,
    call: Call,
    until: number,
  ) => Promise<MemberAnswer<Read>>;
  /** Asks it until that time, past its breaker. Rejects with why there is no answer. */
  readonly askAnyway: <Answer, Read>(
    question: Question<Answer, Read>,
    call: Call,
    until: number,
  ) => Promise<Read>;
}

/** Creates the one way in which a member is called. `probe` has it listed in the background. */
export function createEndpoint(member: Member, options: EndpointOptions, probe: () => void): Endpoint {
  const { settings, log, clock, steady, after, onMemberCall, onBreakerChange } = options;
  const { name: service, deadlineMs = Infinity } = member;
  let stateBefore: BreakerState = 'closed';
  const breaker = member.remote
    ? createCircuitBreaker({
        failures: settings.breakerFailures,
        pauseMs: settings.breakerPause,
        ...{ after, probe, onChange },
      })
    : undefined;

  function onChange(state: BreakerState, reason?: string): void {
    if (state === 'closed') log.info('service back', { service });
    else if (state === 'half-open') log.debug('service on trial', { service, reason });
    else if (stateBefore === 'closed') log.warn('service down', { service, reason });
    else log.debug('service still down', { service, reason });
    stateBefore = state;
    onBreakerChange({ service, state, ...(reason === undefined ? {} : { reason }) });
  }

  async function ask<Answer, Read>(
    question: Question<Answer, Read>,
    call: Call,
    until: number,
  ): Promise<MemberAnswer<Read>> {
    const end = breaker?.admit();
    if (breaker !== undefined && end === undefined) {
      return { error: new SchedulingError('UNAVAILABLE', breaker.refusal()), asked: false };
    }
    const now = clock.now();
    const deadline = Math.min(until, now + deadlineMs);
    const verdict = (code: MemberCall['code']) =>
      call.signal.aborted ? 'neutral' : verdictOf(question.method, code, deadline - now, deadlineMs);
    try {
      const value = await askAnyway(question, call, deadline);
      end?.(verdict('OK'));
      return { value };
    } catch (thrown) {
      const error = SchedulingError.from(thrown);
      end?.(verdict(error.code), `${error.code}: ${error.message}`);
      return { error, asked: true };
    }
  }

  async function askAnyway<Answer, Read>(
    { method, run, read }: Question<Answer, Read>,
    call: Call,
    until: number,
  ): Promise<Read> {
    const began = steady.now();
    const ms = until - clock.now();
    const report = (code: MemberCall['code']) =>
      onMemberCall({ service, method, code, durationMs: steady.now() - began });
    try {
      const answer = await runWithin(
        (signal) => run(member, { ...call, signal, deadline: until, depth: (call.depth ?? 0) + 1 }),
        {
          ...{ signal: call.signal, ms, after },
          late: () => new SchedulingError('DEADLINE_EXCEEDED', `no answer within ${Math.round(ms)} ms`),
        },
      );
      const value = read(answer);
      report('OK');
      return value;
    } catch (thrown) {
      const error = errorOf(thrown, call);
      report(error.code);
      if (error.message === INTERNAL_ERROR_TEXT && error.cause !== undefined) {
        const { requestId } = call;
        log.error('service failed', { service, method, requestId, stack: stackOf(error.cause) });
      }
      throw error;
    }
  }

  return { member, breaker, ask, askAnyway };
}

/** Returns why a call of a member ended. One that says CANCELLED although nobody cancelled is one that was stopped. */
function errorOf(thrown: unknown, call: Call): SchedulingError {
  if (call.signal.aborted) return endOf(call);
  const error = SchedulingError.from(thrown);
  if (error.code !== 'CANCELLED') return error;
  return new SchedulingError('UNAVAILABLE', 'the service ended the call', { cause: error });
}

/** Returns why an aborted call ended: DEADLINE_EXCEEDED when its signal timed out, else CANCELLED. */
export function endOf({ signal }: Pick<Call, 'signal'>): SchedulingError {
  const error = SchedulingError.from(signal.reason);
  if (error.code === 'DEADLINE_EXCEEDED' || error.code === 'CANCELLED') return error;
  return new SchedulingError('CANCELLED', 'the call was cancelled', { cause: signal.reason });
}

/**
 * Returns what the end of a call says of the member, which was given so many milliseconds. UNAVAILABLE, INTERNAL, and
 * DEADLINE_EXCEEDED after a fair time are bad.
 *
 * RESOURCE_EXHAUSTED is neither: it comes at once, so it costs no time to ask again, and it is as often about a request
 * that is too large as about a service that is too busy. INTERNAL of balanceHosts is neither: that method has one unit,
 * whose bug must not keep callers from the service's other units. The other codes are about the request, so the service
 * works.
 */
export function verdictOf(
  method: string,
  code: MemberCall['code'],
  givenMs: number,
  deadlineMs: number,
): Verdict {
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
      return givenMs < FAIR_SHARE * Math.min(deadlineMs, USUAL_DEADLINE_MS) ? 'neutral' : 'bad';
    case 'RESOURCE_EXHAUSTED':
    case 'CANCELLED':
      return 'neutral';
  }
}
