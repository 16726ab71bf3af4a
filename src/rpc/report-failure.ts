import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';

/** Longest stack that is logged: characters. */
const MAX_STACK_LENGTH = 8000;

/**
 * Turns whatever a call threw into the error that its caller is told, and logs it: a bug with its stack, which the
 * caller never sees, and anything else with its reason.
 */
export function reportFailure(
  log: Log,
  thrown: unknown,
  { method, requestId }: { readonly method: string; readonly requestId: string },
): SchedulingError {
  const error = SchedulingError.from(thrown);
  const { code } = error;
  if (code === 'INTERNAL') log.error('call failed', { method, requestId, code, stack: stackOf(error) });
  else log.info('call failed', { method, requestId, code, reason: error.message });
  return error;
}

// Only the text of a stack: an error object may carry the headers of a request, and with them a password.
function stackOf({ cause, stack }: SchedulingError): string {
  const text =
    cause instanceof Error ? (cause.stack ?? cause.message) : cause === undefined ? stack : typeof cause;
  return (text ?? '').slice(0, MAX_STACK_LENGTH);
}
