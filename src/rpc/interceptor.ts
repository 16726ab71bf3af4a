import {
  ServerInterceptingCall,
  status,
  type Metadata,
  type ServerInterceptor,
  type ServerMethodDefinition,
} from '@grpc/grpc-js';
import { SchedulingError, type SchedulingErrorCode } from '../domain/errors.js';
import { quoted } from '../lib/text.js';
import type { After } from '../lib/timers.js';
import type { Authorize } from '../process/tokens.js';
import type { CallKind } from './admission.js';
import { authorizationOf, markAdmitted, requestIdMetadata, requestIdOf } from './call-metadata.js';
import type { Connection, Connections } from './connections.js';
import { methodName, reportFailure, type MethodContext } from './incoming-call.js';
import { toStatus } from './status.js';

/** Labels of a gRPC method, by the convention of gRPC's own exporters. */
export interface MethodLabels {
  readonly grpc_type: 'unary' | 'client_stream' | 'server_stream' | 'bidi_stream';
  readonly grpc_service: string;
  readonly grpc_method: string;
}

/** The end of a call of any service of the server, those of health and reflection included. */
export interface HandledCall {
  readonly method: MethodLabels;
  /** Number of its status code. */
  readonly code: number;
  readonly durationMs: number;
}

/** Labels of every method that the server lacks, since callers make names up. */
export const UNKNOWN_METHOD: MethodLabels = {
  grpc_type: 'unary',
  grpc_service: 'unknown',
  grpc_method: 'unknown',
};

/** Reason for which the server refuses a call before it is computed. */
export type Refusal =
  | 'overloaded'
  | 'closing'
  | 'compressed'
  | 'unauthenticated'
  | 'not_allowed'
  | 'untrusted'
  | 'unknown_method';

/** Time limits of a call, in milliseconds. */
export interface CallTimes {
  /** From the head of a call to the end of its message. A caller with less than 0.8 Mbit/s takes longer for the largest. */
  readonly messageMs: number;
  /** From an answer, or a status, until it has left: as long, since answers are about as large. */
  readonly answerMs: number;
  /** From the end of a call that was not read to its end: one whose caller had sent all of it is closed by then. */
  readonly settleMs: number;
  /** From then on, until its caller closes it: many times a round trip. */
  readonly closeMs: number;
  /** For a stream of reflection. Tools ask for all that they need at once. */
  readonly reflectionMs: number;
}

/** The time limits of calls. */
export const CALL_TIMES: CallTimes = {
  messageMs: 10_000,
  answerMs: 10_000,
  settleMs: 50,
  closeMs: 1000,
  reflectionMs: 60_000,
};

/** Most calls that their callers leave open after their end, about 10 KB each; libraries close them at once. */
export const MAX_LEFT_OPEN = 4096;

/** Metadata key of the compressions that a server takes, in its answers. */
const ACCEPTED_ENCODINGS = 'grpc-accept-encoding';

/** Dependencies of the interceptor. */
export interface InterceptorOptions {
  readonly context: Pick<
    MethodContext,
    'admission' | 'log' | 'isTrusted' | 'makeRequestId' | 'onCallEnd' | 'steady'
  >;
  /** Checks the token of each call but those for the health; calls need none by default. */
  readonly authorize?: Authorize | undefined;
  readonly connections: Pick<Connections, 'find' | 'makeRoom'>;
  readonly times: CallTimes;
  readonly after: After;
  /** Called for a call that ended before its message was whole: too long, cancelled or late; grpc-js does not say which. */
  readonly onIncomplete: (method: string) => void;
  /** Called once at the end of each call, whatever came of it. Must not throw. */
  readonly onHandled: (call: HandledCall) => void;
  /** Called for each call that is refused here. Must not throw. */
  readonly onRefused: (reason: Refusal) => void;
}

/**
 * Creates the interceptor that bounds what callers can make the server keep. A call takes its place before its message is
 * read, and gives it back when its answer has left. One that takes too long for either loses its connection: grpc-js keeps
 * a half-read message until the caller closes the stream, and a status would wait for the same window as the answer.
 */
export function createInterceptor(options: InterceptorOptions): ServerInterceptor {
  const { context, authorize, connections, times, after } = options;
  const { onIncomplete, onHandled, onRefused } = options;
  const { admission, log, makeRequestId, onCallEnd } = context;
  let leftOpen = 0;
  const labelsOf = createMethodLabels();

  return (definition, call) => {
    const start = context.steady.now();
    const kind = kindOf(definition);
    const method = methodName(definition.path);
    let connection: Connection | undefined;
    let isAdmitted = false;
    let hasMessage = false;
    let isWhole = false;
    let hasEnded = false;
    let isCounted = false;
    let isAnswered = false;
    let isAnswering = false;
    let readOn: (() => void) | undefined;
    let stopTimer: () => void = () => undefined;
    let release: () => void = () => undefined;

    /** Counts a call once, with the first status that it got. */
    function count(code: number): void {
      if (isCounted) return;
      isCounted = true;
      onHandled({ method: labelsOf(definition), code, durationMs: context.steady.now() - start });
    }

    const allow = (ms: number, then: () => void) => {
      // A method may answer a call that was cancelled long ago.
      if (hasEnded) return;
      stopTimer();
      stopTimer = after(ms, then);
    };

    /** Gives the peer some time to send its message or to take its answer, and less when another call needs the place. */
    function allowPeer(ms: number, reason: 'message_late' | 'answer_late'): void {
      if (hasEnded) return;
      stopTimer();
      const stopWaiting = connection?.awaitPeer(kind, () => release());
      const cancel = after(ms, () => {
        stopWaiting?.();
        connection?.cut(reason);
      });
      stopTimer = () => {
        cancel();
        stopWaiting?.();
      };
    }

    /** Returns the name of the call's token. Throws UNAUTHENTICATED or PERMISSION_DENIED. */
    function identify(metadata: Metadata): string | undefined {
      if (authorize === undefined || kind === 'probe' || kind === 'watch') return undefined;
      const isPrivate = connection?.isPrivate() === true;
      return authorize({ authorization: authorizationOf(metadata), isPrivate }, definition.path.slice(1));
    }

    /** Takes a place, if need be that of the call that waits longest for its peer. Throws RESOURCE_EXHAUSTED. */
    function enter(metadata: Metadata, token: string | undefined): void {
      const isTrusted = kind !== 'replica' || context.isTrusted(connection, token);
      const { hold } = admission.enter(kind, () => connections.makeRoom(kind), isTrusted);
      const leave = hold();
      connection?.callStarted();
      isAdmitted = true;
      const expectAllowed = token === undefined ? undefined : () => void identify(metadata);
      markAdmitted(metadata, { hold, connection, token, expectAllowed });
      release = () => {
        release = () => undefined;
        leave();
        connection?.callEnded();
      };
    }

    // The session of a stream is gone once the stream is.
    const isClosed = () => call.getPeer() === 'unknown';

    function waitUntilClosed(): void {
      if (isClosed()) release();
      else if (leftOpen >= MAX_LEFT_OPEN) endLeftOpen();
      else {
        leftOpen++;
        after(times.closeMs, () => {
          leftOpen--;
          if (isClosed()) release();
          else endLeftOpen();
        });
      }
    }

    function endLeftOpen(): void {
      connection?.cut('left_open');
      release();
    }

    function refuse(thrown: unknown, metadata: Metadata): void {
      const requestId = requestIdOf(metadata) ?? makeRequestId();
      const error = reportFailure(log, thrown, { method, requestId, peer: connection?.peer });
      const trailers = requestIdMetadata(requestId);
      trailers.set(ACCEPTED_ENCODINGS, 'identity');
      const ending = toStatus(error);
      count(ending.code);
      call.sendStatus({ ...ending, metadata: trailers });
      onCallEnd({ method, requestId, code: error.code, durationMs: 0 });
      onRefused(REFUSALS[error.code] ?? 'closing');
    }

    const intercepting = new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, pass) {
            connection = connections.find(call.getConnectionInfo());
            try {
              expectUncompressed(call);
              refuseCompressedFrames(call);
              enter(metadata, identify(metadata));
            } catch (thrown) {
              refuse(thrown, metadata);
              return;
            }
            if (kind === 'reflection') allow(times.reflectionMs, endReflection);
            else if (kind !== 'stream') allowPeer(times.messageMs, 'message_late');
            pass(metadata);
          },
          onReceiveMessage(message, pass) {
            hasMessage = true;
            const read = () => {
              isAnswering = kind === 'reflection';
              pass(message);
            };
            if (isAnswering) readOn = read;
            else read();
          },
          onReceiveHalfClose(pass) {
            // A cancelled stream looks as if its caller had ended it.
            isWhole = hasMessage || definition.requestStream;
            if (kind !== 'reflection') stopTimer();
            pass();
          },
          onCancel() {
            stopTimer();
            hasEnded = true;
            count(sentStatus(call) ?? status.CANCELLED);
            if (!isWhole && isAdmitted && !definition.requestStream) onIncomplete(method);
            if (isWhole || isClosed()) release();
            else stopTimer = after(times.settleMs, waitUntilClosed);
          },
        }),
      sendMetadata(metadata, pass) {
        metadata.set(ACCEPTED_ENCODINGS, 'identity');
        pass(metadata);
      },
      sendMessage(message, pass) {
        isAnswered = kind === 'call' || kind === 'probe';
        if (isAnswered) allowPeer(times.answerMs, 'answer_late');
        pass(message);
      },
      sendStatus(ending, pass) {
        count(ending.code);
        // An answer's time goes on to its status.
        if (!isAnswered) allowPeer(times.answerMs, 'answer_late');
        pass(ending);
      },
    });

    if (kind === 'reflection') {
      // Its implementation reads on however little of its answers is read.
      const send = intercepting.sendMessage.bind(intercepting);
      intercepting.sendMessage = (message, sent) =>
        send(message, () => {
          sent();
          isAnswering = false;
          const next = readOn;
          readOn = undefined;
          next?.();
        });
    }

    function endReflection(): void {
      const details = `reflection ends after ${times.reflectionMs / 1000} s; ask again`;
      intercepting.sendStatus({ code: status.DEADLINE_EXCEEDED, details });
    }

    return intercepting;
  };
}

/**
 * Returns the status that left with the headers or trailers of a call: grpc-js sends some by itself, past the interceptor. Its
 * types don't show the stream. To watch `sendStatus` of each call in its place would make collecting garbage dear.
 */
function sentStatus(call: object): number | undefined {
  const stream: unknown = 'stream' in call ? call.stream : undefined;
  return statusIn(fieldOf(stream, 'sentTrailers')) ?? statusIn(fieldOf(stream, 'sentHeaders'));
}

function statusIn(headers: unknown): number | undefined {
  const code = fieldOf(headers, 'grpc-status');
  return code === undefined ? undefined : Number(code);
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

/** Creates a function that returns the labels of a method, made once for each. */
function createMethodLabels(): (definition: ServerMethodDefinition<unknown, unknown>) => MethodLabels {
  const known = new Map<string, MethodLabels>();
  return ({ path, requestStream, responseStream }) => {
    const labels = known.get(path);
    if (labels !== undefined) return labels;
    const made = {
      grpc_type: TYPES[Number(requestStream)]?.[Number(responseStream)] ?? 'unary',
      grpc_service: path.slice(1, path.lastIndexOf('/')),
      grpc_method: methodName(path),
    };
    known.set(path, made);
    return made;
  };
}

/** The types of methods, by whether their requests, and then their responses, are streams. */
const TYPES = [
  ['unary', 'server_stream'],
  ['client_stream', 'bidi_stream'],
] as const;

/** Reasons of the interceptor's refusals, by code. */
const REFUSALS: Readonly<Partial<Record<SchedulingErrorCode, Refusal>>> = {
  RESOURCE_EXHAUSTED: 'overloaded',
  UNIMPLEMENTED: 'compressed',
  UNAUTHENTICATED: 'unauthenticated',
  PERMISSION_DENIED: 'not_allowed',
};

/**
 * Calls `onUnknown` for each call of a method that a server lacks: grpc-js answers it before any interceptor, and its types
 * don't show the function that looks methods up.
 */
export function watchUnknownMethods(server: object, onUnknown: () => void): void {
  if (!('_retrieveHandler' in server) || typeof server._retrieveHandler !== 'function') return;
  const find = server._retrieveHandler;
  server._retrieveHandler = (path: string): unknown => {
    const found: unknown = Reflect.apply(find, server, [path]);
    if (found === null) onUnknown();
    return found;
  };
}

/**
 * Throws UNIMPLEMENTED for a call whose messages come compressed. grpc-js keeps one packed and unpacked at the same time, before
 * anybody sees it; of the header it leaves a field alone, which its types don't show.
 */
function expectUncompressed(call: object): void {
  if (!('incomingEncoding' in call) || call.incomingEncoding === 'identity') return;
  throw new SchedulingError(
    'UNIMPLEMENTED',
    `grpc-encoding: expected identity, got ${quoted(String(call.incomingEncoding))}; messages are not taken compressed: turn compression off in the client`,
  );
}

/**
 * Lets grpc-js end a call with INTERNAL at a message that is marked as compressed, as gRPC asks where no compression was named:
 * it would take the bytes for the message. Its types don't show the function that unpacks.
 */
function refuseCompressedFrames(call: object): void {
  if ('decompressMessage' in call) call.decompressMessage = unmarked;
}

/** Returns the message in a frame. Rejects with the status for a marked one. */
function unmarked(frame: Buffer): Buffer | Promise<never> {
  if (frame[0] === 0) return frame.subarray(5);
  const details =
    'a message is marked as compressed, and grpc-encoding names no compression: turn compression off in the client';
  return Promise.reject(Object.assign(new Error(details), { code: status.INTERNAL, details }));
}

function kindOf({ path, requestStream, responseStream }: ServerMethodDefinition<unknown, unknown>): CallKind {
  if (path.startsWith('/grpc.reflection.')) return 'reflection';
  if (path.startsWith('/grpc.health.')) return responseStream ? 'watch' : 'probe';
  if (requestStream) return 'stream';
  return responseStream ? 'replica' : 'call';
}
