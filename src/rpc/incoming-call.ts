import type { Metadata, sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { idsOf, type Call } from '../domain/contract.js';
import { SchedulingError, type SchedulingErrorCode } from '../domain/errors.js';
import type { CallSpan, Tracing } from '../domain/trace.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { Admission } from './admission.js';
import {
  admittedCall,
  depthOf,
  isDryRun,
  readRequestId,
  requestIdMetadata,
  requestIdOf,
} from './call-metadata.js';
import { endReceived, spanOfReceived } from './call-spans.js';
import type { Connection } from './connections.js';
import { toStatus, type Status } from './status.js';

/** A finished call, for metrics and an access log. */
export interface EndedCall {
  /** Name of the method without the service: `ScoreHosts`. */
  readonly method: string;
  readonly requestId: string;
  /** Status sent to the caller. */
  readonly code: SchedulingErrorCode | 'OK';
  readonly durationMs: number;
}

/** The dependencies of a server's methods. */
export interface MethodContext {
  readonly admission: Admission;
  readonly log: Log;
  /** Wall clock, for deadlines. */
  readonly clock: Clock;
  /** Monotonic clock, for durations. */
  readonly steady: Clock;
  readonly after: After;
  /** Reports whether the caller at a connection may change what others are answered. */
  readonly isTrusted: (connection: Connection | undefined, token: string | undefined) => boolean;
  /** Throws PERMISSION_DENIED for a call, known by its metadata, whose caller may not change what others are answered. */
  readonly expectTrusted: (call: Metadata, method: string) => void;
  readonly makeRequestId: () => string;
  readonly onCallEnd: (ended: EndedCall) => void;
  /** Traces calls; absent where nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

/** A call from grpc-js, and callbacks to answer it. */
interface ServedCall<Answer> {
  /** Name of the method without the service. */
  readonly method: string;
  /** Path of the method of a call that is traced; absent for a stream. */
  readonly path?: string;
  readonly grpcCall: GrpcCall;
  /** Called first. Returns the request id of the message, and the function that answers. */
  readonly open: () => {
    readonly requestId?: string | undefined;
    readonly answer: (call: Call) => Promise<Answer>;
  };
  /** Called with the answer, and trailers with the request id. */
  readonly succeed: (answer: Answer, trailers: Metadata) => void;
  /** Called instead with the status of a call that failed. */
  readonly fail: (status: Status & { readonly metadata: Metadata }) => void;
}

/**
 * Serves a unary call or a stream. A thrown SchedulingError becomes the status of the call; anything else is INTERNAL with
 * a fixed text. The trailers carry the request id of the message, else of the metadata, else a new one. Never rejects: the
 * caller of a method that throws asynchronously would wait until its deadline.
 */
export async function serveCall<Answer>(
  { clock, steady, log, makeRequestId, onCallEnd, tracing }: MethodContext,
  { method, path, grpcCall, open, succeed, fail }: ServedCall<Answer>,
): Promise<void> {
  const start = steady.now();
  let requestId = requestIdOf(grpcCall.metadata);
  let incoming: IncomingCall | undefined;
  let code: EndedCall['code'] = 'OK';
  const { hold, token } = admittedCall(grpcCall.metadata);
  const release = hold();
  const span =
    tracing === undefined || path === undefined
      ? undefined
      : spanOfReceived(tracing, path, grpcCall.metadata);
  try {
    const opened = open();
    requestId = opened.requestId ?? requestId ?? makeRequestId();
    incoming = receiveCall(grpcCall, requestId, clock, span);
    const answer = await opened.answer(incoming.call);
    incoming.call.signal.throwIfAborted();
    succeed(answer, requestIdMetadata(requestId));
  } catch (thrown) {
    requestId ??= makeRequestId();
    const whose = token === undefined ? {} : { token };
    const error = reportFailure(
      log,
      thrown,
      { method, ...idsOf({ requestId, span }), ...whose },
      incoming?.call.signal,
    );
    code = error.code;
    fail({ ...toStatus(error), metadata: requestIdMetadata(requestId) });
  } finally {
    incoming?.end();
    release();
  }
  if (span !== undefined) endReceived(span, code, { requestId, dryRun: incoming?.call.dryRun });
  onCallEnd({ method, requestId, code, durationMs: steady.now() - start });
}

/** The definition of a unary method. */
export interface UnaryDefinition<Message> {
  readonly path: string;
  readonly requestDeserialize: (bytes: Buffer) => Message;
}

/** Wraps a function from message to promise as a method of grpc-js that takes and returns bytes. `guard` may refuse a call. */
export function unaryMethod<Message extends { readonly request_id?: string }>(
  { path, requestDeserialize }: UnaryDefinition<Message>,
  context: MethodContext,
  answer: (message: Message, call: Call) => Promise<Buffer>,
  guard?: MethodContext['expectTrusted'],
): (call: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>) => void {
  const method = methodName(path);
  return (grpcCall, respond) =>
    void serveCall(context, {
      method,
      path,
      grpcCall,
      open() {
        guard?.(grpcCall.metadata, method);
        const message = decodeRequest(grpcCall.request, requestDeserialize);
        return {
          requestId: readRequestId(message.request_id ?? ''),
          answer: (call) => answer(message, call),
        };
      },
      succeed: (response, trailers) => respond(null, response, trailers),
      fail: respond,
    });
}

/** Returns the name of a method without the service. */
export function methodName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * Decodes a request. Throws INVALID_ARGUMENT for invalid bytes: grpc-js would answer INTERNAL, which looks like a bug of
 * the server, and end a whole stream.
 */
export function decodeRequest<Message>(bytes: Buffer, decode: (bytes: Buffer) => Message): Message {
  try {
    return decode(bytes);
  } catch (cause) {
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      'request: its bytes are not a message of the contract; compare the caller with its .proto',
      { cause },
    );
  }
}

/** The common part of a unary call and a stream of grpc-js. */
interface GrpcCall {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  readonly getDeadline: () => Date | number;
  readonly on: (event: 'cancelled', listener: () => void) => unknown;
  readonly off: (event: 'cancelled', listener: () => void) => unknown;
}

/** A received call, which listens for its caller's cancellation until it ends. */
interface IncomingCall {
  readonly call: Call;
  /** Stops listening. Must be called with the answer. */
  readonly end: () => void;
}

/**
 * Lead of a caller's timer over the server's, in milliseconds: it started when the request was sent, so a caller that gives
 * up on time does so a little before the deadline here.
 */
const CALLER_AHEAD_MS = 100;

/**
 * Creates a Call from that of grpc-js. Its signal aborts with CANCELLED when the caller disconnects, and with
 * DEADLINE_EXCEEDED when the deadline passes. Throws the same if either has already happened, so that nothing is computed
 * in vain.
 */
function receiveCall(
  grpcCall: GrpcCall,
  requestId: string,
  clock: Clock,
  span: CallSpan | undefined,
): IncomingCall {
  const { metadata } = grpcCall;
  const deadline = Number(grpcCall.getDeadline());
  const whyGone = () =>
    clock.now() >= deadline - CALLER_AHEAD_MS
      ? new SchedulingError('DEADLINE_EXCEEDED', 'the answer was not there in time')
      : new SchedulingError('CANCELLED', 'the caller went away');
  if (grpcCall.cancelled || clock.now() >= deadline) throw whyGone();
  const controller = new AbortController();
  // grpc-js emits the same event when the deadline passes.
  const onCancelled = () => controller.abort(whyGone());
  grpcCall.on('cancelled', onCancelled);
  const { signal } = controller;
  return {
    call: { requestId, signal, deadline, depth: depthOf(metadata), dryRun: isDryRun(metadata), span },
    end: () => grpcCall.off('cancelled', onCancelled),
  };
}

/** Longest stack in the log, in characters. */
const MAX_STACK_LENGTH = 8000;

/** A call that failed, for the log. */
interface FailedCall {
  readonly method: string;
  readonly requestId: string;
  readonly traceId?: string | undefined;
  /** Name of its token. */
  readonly token?: string | undefined;
  /** Address of its caller, where that is all that is known of it. */
  readonly peer?: string | undefined;
}

/**
 * Converts a thrown value into the error for the caller, and logs it: a bug with its stack, which the caller never sees,
 * anything else with its reason. What its caller cancelled, by whose signal it ended, is no failure.
 */
export function reportFailure(
  log: Log,
  thrown: unknown,
  { method, requestId, ...whose }: FailedCall,
  signal?: AbortSignal,
): SchedulingError {
  const error = SchedulingError.from(thrown);
  const { code } = error;
  const about = `${method} ${code}`;
  if (code === 'CANCELLED' && signal?.aborted === true)
    log.debug('call cancelled', { method, requestId, ...whose });
  else if (code === 'INTERNAL')
    log.error('call failed', { method, requestId, ...whose, code, stack: stackOfBug(error) }, about);
  else log.info('call failed', { method, requestId, ...whose, code, reason: error.message }, about);
  return error;
}

// Only the text of a stack: an error object may hold the headers of a request, and with them a password.
function stackOfBug({ cause, stack }: SchedulingError): string {
  const text =
    cause instanceof Error ? (cause.stack ?? cause.message) : cause === undefined ? stack : typeof cause;
  return (text ?? '').slice(0, MAX_STACK_LENGTH);
}
