import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { CompositeLimits } from './limits.js';
import type { Clock } from './timers.js';

/**
 * When the members of a composite have to have answered a call: milliseconds since the epoch. Throws DEADLINE_EXCEEDED or
 * CANCELLED when it is too late to begin, INVALID_ARGUMENT when the call has come through too many composites.
 */
export function answerTime(
  call: Call,
  { answerMarginMs, maxDepth }: Pick<CompositeLimits, 'answerMarginMs' | 'maxDepth'>,
  clock: Clock,
): number {
  const depth = call.depth ?? 0;
  if (depth >= maxDepth) {
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      `the call has come through ${depth} composites, ${depth > maxDepth ? 'more than' : 'which is'} composite.maxDepth (${maxDepth}): the services: of their configurations probably form a loop`,
    );
  }
  if (call.signal.aborted) throw endOf(call);
  const time = call.deadline - answerMarginMs;
  if (clock.now() >= time) throw new SchedulingError('DEADLINE_EXCEEDED', 'the deadline passed');
  return time;
}

/** Why an aborted call ended: DEADLINE_EXCEEDED when its signal timed out, else CANCELLED. */
export function endOf({ signal }: Pick<Call, 'signal'>): SchedulingError {
  const error = SchedulingError.from(signal.reason);
  if (error.code === 'DEADLINE_EXCEEDED' || error.code === 'CANCELLED') return error;
  return new SchedulingError('CANCELLED', 'the call was cancelled', { cause: signal.reason });
}
