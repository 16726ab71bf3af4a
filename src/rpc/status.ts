import { status } from '@grpc/grpc-js';
import {
  SCHEDULING_ERROR_CODES,
  SchedulingError,
  type NotFoundSubject,
  type SchedulingErrorCode,
} from '../domain/errors.js';
import { boundedText } from '../lib/text.js';

/** A gRPC status. */
export interface Status {
  readonly code: status;
  readonly details: string;
}

/** Converts an error into a status, its message cut to fit into a trailer. */
export function toStatus(error: SchedulingError): Status {
  return { code: status[error.code], details: boundedText(error.message) };
}

/**
 * Converts a remote service's status into an error; `notFound` is the subject of NOT_FOUND. The service's own messages stay
 * as they are, those of the transport get the target as prefix. An unexpected status becomes INTERNAL, with its name in the
 * message.
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
  if (code === 'UNAVAILABLE') return new SchedulingError(code, `${target}: ${connectionWords(text)}`);
  if (code === 'NOT_FOUND') return new SchedulingError(code, text, { notFound });
  if (code !== undefined) return new SchedulingError(code, text);
  const name: string | undefined = status[answer.code];
  return new SchedulingError('INTERNAL', `${target}: ${name ?? `status ${answer.code}`}: ${text}`);
}

/** Message of grpc-js, as INTERNAL, when a server disconnects in the middle of an answer. */
const CONNECTION_CUT = /^Received RST_STREAM with code (0|2) /;

/** Strips what the load balancing of grpc-js wraps around the reason for a lost connection. */
function connectionWords(text: string): string {
  const words = text
    .replace(/^.*Last error: (?:Error: )?/s, '')
    .replace(/\s*Resolution note:\s*$/, '')
    // Equal failures are to look equal: grpc-js adds when it last tried.
    .replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)/, '');
  return CONNECTION_FAILURES.find(([pattern]) => pattern.test(words))?.[1] ?? words;
}

/** Words of grpc-js, Node and OpenSSL for connections that fail, and what to do about them. */
const CONNECTION_FAILURES: readonly (readonly [pattern: RegExp, text: string])[] = [
  // In brackets the word is of a service that was refused itself: that one is the one to look at.
  [/(?<!\()ECONNREFUSED/, 'it refuses connections (ECONNREFUSED); is it running, is the address right?'],
  [
    /wrong version number|packet length too long|EPROTO/,
    'it does not speak TLS, and was called over TLS; call it in plain text (without --ca, --cert and --key; services[].tls or inventory.fromTls: false), or is it another port?',
  ],
  [
    /^Failed to connect\.?$/,
    'it ends connections before it speaks gRPC; does it want TLS (--ca FILE; services[].tlsCaFile or inventory.fromTlsCaFile), or a certificate of its clients (--cert, --key; services[].tlsCertFile or inventory.fromTlsCertFile)?',
  ],
  [
    /alert (?:certificate required|unknown ca|bad certificate)/,
    'it wants a certificate of its clients that it trusts (--cert, --key; services[].tlsCertFile or inventory.fromTlsCertFile)',
  ],
  [
    /^self.signed certificate|^unable to (?:verify the first|get (?:local )?issuer) certificate/,
    'its certificate comes from no authority that is trusted here; name that authority, or the certificate itself if it is self-signed (--ca FILE; services[].tlsCaFile or inventory.fromTlsCaFile)',
  ],
  [/^Protocol error\.?$/, 'it does not speak gRPC; is it another port?'],
];

const CODES: ReadonlyMap<number, SchedulingErrorCode> = new Map(
  SCHEDULING_ERROR_CODES.map((code) => [status[code], code]),
);

/** Returns the FailureCode of an error code. */
export function toFailureCode(code: SchedulingErrorCode): `FAILURE_CODE_${SchedulingErrorCode}` {
  return `FAILURE_CODE_${code}`;
}

/** Returns the error code of a FailureCode; INTERNAL for an unspecified or unknown one. */
export function fromFailureCode(name: string | number): SchedulingErrorCode {
  return FAILURE_CODES.get(name) ?? 'INTERNAL';
}

const FAILURE_CODES: ReadonlyMap<string | number, SchedulingErrorCode> = new Map(
  SCHEDULING_ERROR_CODES.map((code) => [toFailureCode(code), code]),
);
