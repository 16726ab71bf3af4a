import { idsOf, type Call } from '../domain/contract.js';
import {
  endOfCall,
  INTERNAL_ERROR_TEXT,
  SchedulingError,
  type SchedulingErrorCode,
} from '../domain/errors.js';
import { runWithin } from '../lib/deadline.js';
import { stackOf } from '../lib/text.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { BreakerState } from '../process/metrics.js';
import { createCircuitBreaker, type CircuitBreaker, type Verdict } from './circuit-breaker.js';
import type { Member } from './member.js';

/** Time that most callers allow a call, in ms; few are as patient as a generous deadline of a service. */
const USUAL_DEADLINE_MS = 1000;

/** Share of its deadline, or of the usual one if that is less, that a service must have had for a late answer to count. */
const FAIR_SHARE = 0.1;

/** A call of a member that has ended. */
export interface MemberCall {
  readonly service: string;
  readonly method: string;
  readonly code: 'OK' | SchedulingErrorCode;
  readonly durationMs: number;
}

/** A change of a member's circuit breaker. */
export interface BreakerChange {
  readonly service: string;
  readonly state: BreakerState;
  /** Absent when the circuit closed. */
  readonly reason?: string;
}

/** Options that the endpoints of a composite share. */
export interface EndpointOptions {
  readonly settings: { readonly breakerFailures: number; readonly breakerPause: number };
  readonly log: Log;
  readonly clock: Clock;
  /** Monotonic clock that measures calls. */
  readonly steady: Clock;
  readonly after: After;
  /** Called when a call ended. Must not throw. */
  readonly onMemberCall: (call: MemberCall) => void;
  /** Called when a circuit opens, half-opens or closes. Must not throw. */
  readonly onBreakerChange: (change: BreakerChange) => void;
}

/** A call to make: the method's name, the call itself, and the check of its answer, which throws a contract violation. */
export interface Question<Answer, Read> {
  readonly method: string;
  readonly run: (member: Member, call: Call) => Promise<Answer>;
  readonly read: (answer: Answer) => Read;
}

/** A member's answer or the error in place of it; `asked` is false for a call that the circuit breaker refused. */
export type MemberAnswer<Read> =
  | { readonly value: Read; readonly error?: never }
  | { readonly error: SchedulingError; readonly asked: boolean; readonly value?: never };

/** The one way to call a member. */
export interface Endpoint {
  readonly member: Member;
  /** Absent for a service of this process. */
  readonly breaker: CircuitBreaker | undefined;
  /** Calls the member if its breaker admits the call, or for a shadow if it is closed, within `until` (ms since the epoch) and its own deadline. Never rejects. */
  readonly ask: <Answer, Read>(
    question: Question<Answer, Read>,
    call: Call,
    until: number,
  ) => Promise<MemberAnswer<Read>>;
  /** Calls the member past its breaker, within `until`. Rejects with a SchedulingError. */
  readonly askAnyway: <Answer, Read>(
    question: Question<Answer, Read>,
    call: Call,
    until: number,
  ) => Promise<Read>;
  /** Stops watching the circuit breaker. */
  readonly close: () => void;
}

/** Creates the endpoint of a member. `probe` starts a listing in the background. */
export function createEndpoint(member: Member, options: EndpointOptions, probe: () => void): Endpoint {
  const { settings, log, clock, steady, after, onMemberCall, onBreakerChange } = options;
  const { name: service, deadlineMs = Infinity } = member;
  const breaker = member.remote
    ? (member.breaker ??
      createCircuitBreaker({ failures: settings.breakerFailures, pauseMs: settings.breakerPause, after }))
    : undefined;
  let stateBefore = breaker?.state();
  const unwatch = breaker?.watch({ probe, onChange });

  function onChange(state: BreakerState, reason?: string): void {
    if (state === 'closed') log.info('circuit closed', { service }, service);
    else if (state === 'half-open') log.debug('circuit half-open', { service, reason });
    else if (stateBefore === 'closed') log.warn('circuit opened', { service, reason }, service);
    else log.debug('circuit reopened', { service, reason });
    stateBefore = state;
    onBreakerChange({ service, state, ...(reason === undefined ? {} : { reason }) });
  }

  async function ask<Answer, Read>(
    question: Question<Answer, Read>,
    call: Call,
    until: number,
  ): Promise<MemberAnswer<Read>> {
    const isCounted = call.isShadow !== true;
    const end = isCounted ? breaker?.admit() : undefined;
    if (breaker !== undefined && (isCounted ? end === undefined : breaker.state() !== 'closed')) {
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
        const facts = { service, method, ...idsOf(call), stack: stackOf(error.cause) };
        log.error('service failed', facts, `${service} ${method}`);
      }
      throw error;
    }
  }

  return { member, breaker, ask, askAnyway, close: () => unwatch?.() };
}

/**
 * Returns the error of a failed call. CANCELLED without an aborted signal means that the service is shutting down.
 * UNAUTHENTICATED is about the token of this process, and its caller's own may be good.
 */
function errorOf(thrown: unknown, { signal }: Call): SchedulingError {
  if (signal.aborted) return endOfCall(signal);
  const error = SchedulingError.from(thrown);
  if (error.code === 'UNAUTHENTICATED') {
    const text = `the service does not take the token of this process: ${error.message}`;
    return new SchedulingError('UNAVAILABLE', text, { cause: error });
  }
  if (error.code !== 'CANCELLED') return error;
  return new SchedulingError('UNAVAILABLE', 'the service ended the call', { cause: error });
}

/** The methods whose failure says something of all units of a service. */
const OF_ALL_UNITS: ReadonlySet<string> = new Set(['listPolicyUnits', 'scoreHosts', 'filterHosts']);

/**
 * Classifies the end of a call. UNAVAILABLE, INTERNAL, and DEADLINE_EXCEEDED after a fair time are bad; codes about the
 * request show a service that works. RESOURCE_EXHAUSTED is neutral: it comes at once, and means a request that is too large
 * as often as a busy service. A bug, or a hang, of balanceHosts, which has one unit, and of the inventory is neutral: it
 * must not keep the engine from the service's scores and filters.
 */
export function verdictOf(
  method: string,
  code: MemberCall['code'],
  givenMs: number,
  deadlineMs: number,
): Verdict {
  const ofAllUnits = OF_ALL_UNITS.has(method);
  switch (code) {
    case 'OK':
    case 'NOT_FOUND':
    case 'INVALID_ARGUMENT':
    case 'PERMISSION_DENIED':
    case 'UNAUTHENTICATED':
    case 'UNIMPLEMENTED':
      return 'good';
    case 'UNAVAILABLE':
      return 'bad';
    case 'INTERNAL':
      return ofAllUnits ? 'bad' : 'neutral';
    case 'DEADLINE_EXCEEDED':
      return !ofAllUnits || givenMs < FAIR_SHARE * Math.min(deadlineMs, USUAL_DEADLINE_MS)
        ? 'neutral'
        : 'bad';
    case 'RESOURCE_EXHAUSTED':
    case 'CANCELLED':
      return 'neutral';
  }
}
