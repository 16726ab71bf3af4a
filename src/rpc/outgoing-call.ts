import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { readRequestId } from './message/request-id.js';

/** Why an aborted call ended: DEADLINE_EXCEEDED when its signal timed out, else CANCELLED. */
export function endOf({ signal }: Pick<Call, 'signal'>): SchedulingError {
  const error = SchedulingError.from(signal.reason);
  if (error.code === 'DEADLINE_EXCEEDED' || error.code === 'CANCELLED') return error;
  return new SchedulingError('CANCELLED', 'the call was cancelled', { cause: signal.reason });
}

/**
 * Throws why a call can't be made: its signal has aborted, its deadline has passed, or its request id can't travel as
 * metadata.
 */
export function checkCall(call: Call): void {
  if (call.signal.aborted) throw endOf(call);
  if (call.deadline <= Date.now())
    throw new SchedulingError('DEADLINE_EXCEEDED', 'no time is left for the call');
  readRequestId(call.requestId);
}
