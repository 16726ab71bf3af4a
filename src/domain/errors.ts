/** Every way in which a call, or one unit of it, can fail. The names are those of the gRPC status codes. */
export const SCHEDULING_ERROR_CODES = [
  'CANCELLED',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'RESOURCE_EXHAUSTED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
] as const;

/** One of {@link SCHEDULING_ERROR_CODES}. */
export type SchedulingErrorCode = (typeof SCHEDULING_ERROR_CODES)[number];

/** What was not found: a unit of that name and type, or the virtual machine. */
export type NotFoundSubject = 'UNIT' | 'VM';

/** What a caller is told of a bug: never its message, since that may hold anything. The cause goes to the log. */
export const INTERNAL_ERROR_TEXT = 'internal error; the log of the service has it under the request id';

/**
 * The one error that crosses a boundary inside hostscore. Its message is meant for the caller: it says what failed, on
 * what, and what to do. What must not leave the process (a stack, the original error) is its `cause`.
 */
export class SchedulingError extends Error {
  override readonly name = 'SchedulingError';
  readonly code: SchedulingErrorCode;
  /** With code NOT_FOUND: what was not found, so that nobody has to parse the message. */
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
   * Makes a SchedulingError of anything that was thrown: itself; CANCELLED of an aborted signal; DEADLINE_EXCEEDED of a
   * signal that timed out; INTERNAL with a fixed text of everything else, the original kept as `cause`.
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

/** Makes the error for an answer of a service that breaks the contract: INTERNAL, saying what is wrong, field first. */
export function contractViolation(problem: string): SchedulingError {
  return new SchedulingError('INTERNAL', `the service's answer breaks the contract: ${problem}`);
}

/** Returns an error as the failure of a unit. */
export function failureOf({
  code,
  message,
  notFound,
}: SchedulingError): Pick<SchedulingError, 'code' | 'message'> & { readonly notFound?: NotFoundSubject } {
  return notFound === undefined ? { code, message } : { code, message, notFound };
}
