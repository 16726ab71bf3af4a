/** Codes with which a call or one of its units can fail, named like the gRPC status codes. */
export const SCHEDULING_ERROR_CODES = [
  'CANCELLED',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
  'RESOURCE_EXHAUSTED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
] as const;

/** One of {@link SCHEDULING_ERROR_CODES}. */
export type SchedulingErrorCode = (typeof SCHEDULING_ERROR_CODES)[number];

/** The subject of a NOT_FOUND: a unit of that name and type, or the virtual machine. */
export type NotFoundSubject = 'UNIT' | 'VM';

/** The message for any bug: its own may hold secrets, so that goes to the log only. */
export const INTERNAL_ERROR_TEXT = 'internal error; the log of the service has it under the request id';

/**
 * The only error that crosses folders of hostscore. Its message is for the caller: what failed, on what, and what to do.
 * Its `cause`, with the original error and stack, is for the log only.
 */
export class SchedulingError extends Error {
  override readonly name = 'SchedulingError';
  readonly code: SchedulingErrorCode;
  /** With code NOT_FOUND: the missing subject, so that nobody parses the message. */
  readonly notFound: NotFoundSubject | undefined;

  constructor(
    code: SchedulingErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly notFound?: NotFoundSubject | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.notFound = options.notFound;
  }

  /**
   * Converts any thrown value: a SchedulingError stays as it is, an AbortError becomes CANCELLED, a TimeoutError
   * DEADLINE_EXCEEDED, and everything else INTERNAL with a fixed text and the original as `cause`.
   */
  static from(thrown: unknown): SchedulingError {
    if (thrown instanceof SchedulingError) return thrown;
    const name = thrown instanceof Error ? thrown.name : undefined;
    if (name === 'AbortError')
      return new SchedulingError('CANCELLED', 'the call was cancelled', { cause: thrown });
    if (name === 'TimeoutError') {
      return new SchedulingError('DEADLINE_EXCEEDED', 'the answer was not there in time', { cause: thrown });
    }
    return new SchedulingError('INTERNAL', INTERNAL_ERROR_TEXT, { cause: thrown });
  }
}

/** Returns the error of an aborted call: DEADLINE_EXCEEDED when its signal timed out, else CANCELLED. */
export function endOfCall({ reason }: AbortSignal): SchedulingError {
  const error = SchedulingError.from(reason);
  if (error.code === 'DEADLINE_EXCEEDED' || error.code === 'CANCELLED') return error;
  return new SchedulingError('CANCELLED', 'the call was cancelled', { cause: reason });
}

/** Creates the error for a service's answer that breaks the contract: INTERNAL with the problem, field first. */
export function contractViolation(problem: string): SchedulingError {
  return new SchedulingError('INTERNAL', `the service's answer breaks the contract: ${problem}`);
}

/** Converts an error into the failure of a unit. */
export function failureOf({
  code,
  message,
  notFound,
}: SchedulingError): Pick<SchedulingError, 'code' | 'message'> & { readonly notFound?: NotFoundSubject } {
  return notFound === undefined ? { code, message } : { code, message, notFound };
}
