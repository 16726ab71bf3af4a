import { status } from '@grpc/grpc-js';
import {
  SCHEDULING_ERROR_CODES,
  SchedulingError,
  type NotFoundSubject,
  type SchedulingErrorCode,
} from '../domain/errors.js';
import { boundedText } from '../lib/text.js';

/** A gRPC status: its number, and the text for the caller. */
export interface Status {
  readonly code: status;
  readonly details: string;
}

/** Returns the status that tells a caller of an error: its code and its message, cut to a length that fits into a trailer. */
export function toStatus(error: SchedulingError): Status {
  return { code: status[error.code], details: boundedText(error.message) };
}

/**
 * Returns the error that a status of a remote service stands for; NOT_FOUND is about `notFound`. The service's own texts
 * stay as they are; what the transport says gets the target before it. A status outside the vocabulary is INTERNAL, with
 * its name in the message.
 */
export function fromStatus(
  answer: { readonly code: number; readonly details: string },
  target: string,
  notFound?: NotFoundSubject,
): SchedulingError {
  const code = CODES.get(answer.code);
  const text = boundedText(answer.details);
  if (code === 'CANCELLED') return new SchedulingError(code, 'the call was cancelled');
  if (code === 'DEADLINE_EXCEEDED') return new SchedulingError(code, `no answer from ${target} in time`);
  if (code === 'INTERNAL' && CONNECTION_CUT.test(answer.details)) {
    return new SchedulingError('UNAVAILABLE', `${target}: the connection was cut`);
  }
  if (code === 'UNAVAILABLE') return new SchedulingError(code, `${target}: ${withoutPolicyWords(text)}`);
  if (code === 'NOT_FOUND') return new SchedulingError(code, text, { notFound });
  if (code !== undefined) return new SchedulingError(code, text);
  const name: string | undefined = status[answer.code];
  return new SchedulingError('INTERNAL', `${target}: ${name ?? `status ${answer.code}`}: ${text}`);
}

/** What grpc-js says, as INTERNAL, when a server goes away in the middle of an answer. */
const CONNECTION_CUT = /^Received RST_STREAM with code (0|2) /;

/** What the load balancing of grpc-js says around the reason why there is no connection. */
function withoutPolicyWords(text: string): string {
  return text.replace(/^.*Last error: (?:Error: )?/s, '').replace(/\s*Resolution note:\s*$/, '');
}

const CODES: ReadonlyMap<number, SchedulingErrorCode> = new Map(
  SCHEDULING_ERROR_CODES.map((code) => [status[code], code]),
);

/** Returns the wire's name of a failure's code. */
export function toFailureCode(code: SchedulingErrorCode): `FAILURE_CODE_${SchedulingErrorCode}` {
  return `FAILURE_CODE_${code}`;
}

/** Returns the code that the wire's name stands for; INTERNAL for one that says nothing, or that a newer service made up. */
export function fromFailureCode(name: string | number): SchedulingErrorCode {
  return FAILURE_CODES.get(name) ?? 'INTERNAL';
}

const FAILURE_CODES: ReadonlyMap<string | number, SchedulingErrorCode> = new Map(
  SCHEDULING_ERROR_CODES.map((code) => [toFailureCode(code), code]),
);
