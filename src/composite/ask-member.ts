import type { Call, PolicyUnitService } from '../domain/contract.js';
import { INTERNAL_ERROR_TEXT, SchedulingError, type SchedulingErrorCode } from '../domain/errors.js';
import { stackOf } from '../lib/text.js';
import type { Log } from '../process/log.js';
import { boundedCall } from './bounded-call.js';
import type { Breaker } from './breaker.js';
import type { CompositeLimits } from './limits.js';
import type { Member } from './member.js';
import type { Clock, Timers } from './timers.js';
import { verdictOf, type Method } from './verdict.js';

/** One call of a member that has ended. */
export interface MemberCall {
  readonly service: string;
  readonly method: Method;
  readonly code: 'OK' | SchedulingErrorCode;
  readonly durationMs: number;
}

/** What asking a member needs. */
export interface AskMemberOptions {
  readonly member: Member;
  readonly breaker: Breaker;
  readonly limits: CompositeLimits;
  readonly clock: Clock;
  /** Measures calls; never goes back. */
  readonly steady: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly onMemberCall: (call: MemberCall) => void;
}

/** What to ask: a method, how to call it, and how to check its answer; a lie that `read` finds it throws. */
export interface Question<Answer, Read> {
  readonly method: Method;
  readonly run: (service: PolicyUnitService, call: Call) => Promise<Answer>;
  readonly read: (answer: Answer) => Read;
}

/** What a member answered, or why it didn't; `asked` is false when its breaker kept the call from it. */
export type MemberAnswer<Read> =
  | { readonly value: Read; readonly error?: never }
  | { readonly error: SchedulingError; readonly asked: boolean; readonly value?: never };

/** Asks one member. */
export interface MemberAsker {
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

/** Makes the one way in which a member is called. */
export function createMemberAsker(options: AskMemberOptions): MemberAsker {
  const { member, breaker, limits, clock, steady, timers, log, onMemberCall } = options;
  const { name: service, deadlineMs = Infinity } = member;

  async function ask<Answer, Read>(
    question: Question<Answer, Read>,
    call: Call,
    until: number,
  ): Promise<MemberAnswer<Read>> {
    const permit = breaker.admit();
    if (permit === undefined) {
      return { error: new SchedulingError('UNAVAILABLE', breaker.refusal()), asked: false };
    }
    const now = clock.now();
    const deadline = Math.min(until, now + deadlineMs);
    const verdict = (code: MemberCall['code']) =>
      verdictOf({
        method: question.method,
        code,
        callerLeft: call.signal.aborted,
        givenMs: deadline - now,
        deadlineMs,
        usualDeadlineMs: limits.usualDeadlineMs,
      });
    try {
      const value = await askAnyway(question, call, deadline);
      permit.end(verdict('OK'));
      return { value };
    } catch (thrown) {
      const error = SchedulingError.from(thrown);
      permit.end(verdict(error.code), `${error.code}: ${error.message}`);
      return { error, asked: true };
    }
  }

  async function askAnyway<Answer, Read>(
    { method, run, read }: Question<Answer, Read>,
    call: Call,
    until: number,
  ): Promise<Read> {
    const began = steady.now();
    const report = (code: MemberCall['code']) =>
      onMemberCall({ service, method, code, durationMs: steady.now() - began });
    try {
      const value = read(
        await boundedCall((bounded) => run(member.service, bounded), call, until, { clock, timers }),
      );
      report('OK');
      return value;
    } catch (thrown) {
      const error = ownEnd(SchedulingError.from(thrown), call);
      report(error.code);
      if (error.message === INTERNAL_ERROR_TEXT && error.cause !== undefined) {
        log.error('service failed', {
          service,
          method,
          requestId: call.requestId,
          stack: stackOf(error.cause),
        });
      }
      throw error;
    }
  }

  return { ask, askAnyway };
}

/** A member that says CANCELLED although nobody cancelled is one that was stopped. */
function ownEnd(error: SchedulingError, call: Call): SchedulingError {
  if (error.code !== 'CANCELLED' || call.signal.aborted) return error;
  return new SchedulingError('UNAVAILABLE', 'the service ended the call', { cause: error });
}
