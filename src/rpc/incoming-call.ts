import type { Metadata, sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { Call } from '../domain/contract.js';
import { SchedulingError, type SchedulingErrorCode } from '../domain/errors.js';
import type { Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { Admission } from './admission.js';
import { depthOf, isDryRun, readRequestId, requestIdMetadata, requestIdOf } from './call-metadata.js';
import { toStatus, type Status } from './status.js';

/** A call that was answered, in whatever way: for metrics and an access log. */
export interface EndedCall {
  /** Name of the method without the service: `ScoreHosts`. */
  readonly method: string;
  readonly requestId: string;
  /** What the caller was told. */
  readonly code: SchedulingErrorCode | 'OK';
  readonly durationMs: number;
}

/** What every method of a server works with. */
export interface MethodContext {
  readonly admission: Admission;
  readonly log: Log;
  /** Says what time it is, for deadlines. */
  readonly clock: Clock;
  /** Measures how long a call took, to parts of a millisecond, and never goes back. */
  readonly steady: Clock;
  readonly makeRequestId: () => string;
  readonly onCallEnd: (ended: EndedCall) => void;
}

/** One call as grpc-js hands it over, and how to answer it. */
interface ServedCall<Answer> {
  /** Name of the method without the service. */
  readonly method: string;
  readonly grpcCall: GrpcCall;
  /** Called first. Returns the request id that the message brings, and how to answer. */
  readonly open: () => {
    readonly requestId?: string | undefined;
    readonly answer: (call: Call) => Promise<Answer>;
  };
  /** Called with the answer, and the trailers that carry the request id. */
  readonly succeed: (answer: Answer, trailers: Metadata) => void;
  /** Called instead with the status of a call that failed. */
  readonly fail: (status: Status & { readonly metadata: Metadata }) => void;
}

/**
 * Serves one call, whatever its kind. What is thrown becomes the call's status: a SchedulingError its own code and message,
 * anything else INTERNAL with a fixed text. The trailers carry the request id: the message's, else the one in the metadata,
 * else one made here. Never rejects: the caller of a method that throws asynchronously waits until its deadline.
 */
export async function serveCall<Answer>(
  { admission, clock, steady, log, makeRequestId, onCallEnd }: MethodContext,
  { method, grpcCall, open, succeed, fail }: ServedCall<Answer>,
): Promise<void> {
  const start = steady.now();
  let requestId = requestIdOf(grpcCall.metadata);
  let incoming: IncomingCall | undefined;
  let admitted = false;
  let code: EndedCall['code'] = 'OK';
  try {
    const opened = open();
    requestId = opened.requestId ?? requestId ?? makeRequestId();
    incoming = receiveCall(grpcCall, requestId, clock);
    admission.enter();
    admitted = true;
    const answer = await opened.answer(incoming.call);
    incoming.call.signal.throwIfAborted();
    succeed(answer, requestIdMetadata(requestId));
  } catch (thrown) {
    requestId ??= makeRequestId();
    const error = reportFailure(log, thrown, { method, requestId });
    code = error.code;
    fail({ ...toStatus(error), metadata: requestIdMetadata(requestId) });
  } finally {
    incoming?.end();
    if (admitted) admission.leave();
  }
  onCallEnd({ method, requestId, code, durationMs: steady.now() - start });
}

/** What is known of a method whose requests are such messages. */
interface UnaryDefinition<Message> {
  readonly path: string;
  readonly requestDeserialize: (bytes: Buffer) => Message;
}

/** Makes a method of grpc-js, one that takes and gives bytes, out of a function from message to promise. */
export function unaryMethod<Message extends { readonly request_id?: string }>(
  { path, requestDeserialize }: UnaryDefinition<Message>,
  context: MethodContext,
  answer: (message: Message, call: Call) => Promise<Buffer>,
): (call: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>) => void {
  const method = path.slice(path.lastIndexOf('/') + 1);
  return (grpcCall, respond) =>
    void serveCall(context, {
      method,
      grpcCall,
      open() {
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

/**
 * Decodes a request. Throws INVALID_ARGUMENT for bytes that are none: grpc-js would say INTERNAL, which looks like a bug of
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

/** What a unary call and a stream of grpc-js have in common. */
interface GrpcCall {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  readonly getDeadline: () => Date | number;
  readonly on: (event: 'cancelled', listener: () => void) => unknown;
  readonly off: (event: 'cancelled', listener: () => void) => unknown;
}

/** A call as it came in, with the means to stop listening to its caller. */
interface IncomingCall {
  readonly call: Call;
  /** Has to be called when the answer is there. */
  readonly end: () => void;
}

/**
 * A caller's own timer started when its request left, that of the server when it came in; so a caller gives up on time a
 * little before the deadline here: milliseconds.
 */
const CALLER_AHEAD_MS = 100;

/**
 * Makes a call of what grpc-js hands over: its signal aborts when the caller goes away, with CANCELLED as its reason, or
 * when the deadline passes, with DEADLINE_EXCEEDED. Throws the same when either has already happened, so that nothing is
 * computed for nobody.
 */
function receiveCall(grpcCall: GrpcCall, requestId: string, clock: Clock): IncomingCall {
  const { metadata } = grpcCall;
  const deadline = Number(grpcCall.getDeadline());
  const whyGone = () =>
    clock.now() >= deadline - CALLER_AHEAD_MS
      ? new SchedulingError('DEADLINE_EXCEEDED', 'the answer was not there in time')
      : new SchedulingError('CANCELLED', 'the caller went away');
  if (grpcCall.cancelled || clock.now() >= deadline) throw whyGone();
  const controller = new AbortController();
  // grpc-js ends a call at its deadline by itself, with this same event.
  const onCancelled = () => controller.abort(whyGone());
  grpcCall.on('cancelled', onCancelled);
  const { signal } = controller;
  return {
    call: { requestId, signal, deadline, depth: depthOf(metadata), dryRun: isDryRun(metadata) },
    end: () => grpcCall.off('cancelled', onCancelled),
  };
}

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
  if (code === 'INTERNAL') log.error('call failed', { method, requestId, code, stack: stackOfBug(error) });
  else log.info('call failed', { method, requestId, code, reason: error.message });
  return error;
}

// Only the text of a stack: an error object may carry the headers of a request, and with them a password.
function stackOfBug({ cause, stack }: SchedulingError): string {
  const text =
    cause instanceof Error ? (cause.stack ?? cause.message) : cause === undefined ? stack : typeof cause;
  return (text ?? '').slice(0, MAX_STACK_LENGTH);
}
