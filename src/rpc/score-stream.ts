import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Metadata, ServerDuplexStream } from '@grpc/grpc-js';
import { idsOf, type Call, type PolicyUnitService } from '../domain/contract.js';
import { failureOf, SchedulingError, type SchedulingErrorCode } from '../domain/errors.js';
import { linkAbort, type LinkedAbort } from '../lib/deadline.js';
import type { Clock } from '../lib/timers.js';
import { MAX_STREAMS } from './admission.js';
import { admittedCall, readRequestId } from './call-metadata.js';
import { endReceived, spanOfReceived } from './call-spans.js';
import { decodeRequest, reportFailure, serveCall, type MethodContext } from './incoming-call.js';
import type { RequestReader } from './message/read-request.js';
import { writeStreamedFailure, writeStreamedScores } from './message/write-response.js';
import { policyUnitMethods } from './proto.js';

const METHOD = 'StreamScoreHosts';

const MIB = 1024 ** 2;
const MINUTE = 60_000;

/**
 * Longest wait of a stream for its caller, to send a request or to take an answer, in milliseconds. The contract names it.
 * Long enough for a caller that scores now and then, short enough for a place that nobody uses.
 */
export const STREAM_IDLE_MS = 5 * MINUTE;

/**
 * Longest work of all streams together, in milliseconds, until the event loop turns and other callers are served. A turn
 * costs a hundredth of it.
 */
const SLICE_MS = 5;

/**
 * Most bytes of answers that the callers of all streams leave unread; the answer of a stream always fits up to its share.
 * The explained answers for 1,000 hosts take a third of it when nobody reads, on every stream that may be open.
 */
export const MAX_UNREAD_BYTES = 64 * MIB;

/** Event loop turns to wait at the end of a stream: grpc-js reports a cancellation up to two turns after ending the requests. */
const TURNS_UNTIL_CANCELLED = 3;

type ScoreStream = ServerDuplexStream<Buffer, Buffer>;

/**
 * Creates the method that scores a stream of requests, in order and one at a time: the next one once the last answer has
 * left. A request that can't be answered gets its failure as data. The stream ends when the caller half-closes it, or with
 * UNAVAILABLE when the server closes, after the current answer, or when the caller was idle for {@link STREAM_IDLE_MS}.
 */
export function scoreStreamMethod(
  context: MethodContext,
  service: PolicyUnitService,
  reader: RequestReader,
): (stream: ScoreStream) => void {
  const { admission, log, makeRequestId, tracing } = context;
  const turn = createTurns(context.steady);
  const { StreamScoreHosts } = policyUnitMethods;
  const decode = reader.decoder(StreamScoreHosts.requestDeserialize);
  let unreadBytes = 0;
  return (stream) =>
    void serveCall(context, {
      method: METHOD,
      grpcCall: stream,
      open: () => ({ answer: (call) => answerAll(stream, call) }),
      succeed: (_, trailers) => stream.end(trailers),
      // grpc-js takes the status of a stream as its error.
      fail: (status) => stream.emit('error', status),
    });

  async function answerAll(stream: ScoreStream, call: Call): Promise<void> {
    const stop = linkAbort(admission.closing);
    call.signal.addEventListener('abort', () => stop.abort(call.signal.reason));
    const caller = followCaller(stream, stop, context);
    const { expectAllowed } = admittedCall(stream.metadata);
    try {
      while (!stream.readableEnded) {
        const bytes: unknown = stream.read();
        if (!Buffer.isBuffer(bytes)) {
          await caller.sends();
          continue;
        }
        await turn();
        stop.signal.throwIfAborted();
        expectAllowed?.();
        const response = await answer(bytes, call, stream.metadata);
        call.signal.throwIfAborted();
        unreadBytes += response.length;
        await caller.takes(response).finally(() => (unreadBytes -= response.length));
      }
      for (let turn = 0; turn < TURNS_UNTIL_CANCELLED; turn++) await nextTurn();
    } finally {
      caller.unfollow();
      stop.unlink();
    }
  }

  // Never rejects. Each request is traced by itself, below the span that opened the stream.
  async function answer(bytes: Buffer, call: Call, metadata: Metadata): Promise<Buffer> {
    let requestId: string | undefined;
    let code: SchedulingErrorCode | 'OK' = 'OK';
    const span = tracing && spanOfReceived(tracing, StreamScoreHosts.path, metadata);
    try {
      const message = decodeRequest(bytes, decode);
      requestId = readRequestId(message.request_id) ?? makeRequestId();
      const request = reader.scoreHosts(message);
      const scores = await service.scoreHosts(request, { ...call, requestId, span, isStreamed: true });
      const response = writeStreamedScores(requestId, scores, request);
      checkUnread(response.length);
      return response;
    } catch (thrown) {
      requestId ??= makeRequestId();
      const error = reportFailure(log, thrown, { method: METHOD, ...idsOf({ requestId, span }) });
      ({ code } = error);
      return writeStreamedFailure(requestId, failureOf(error));
    } finally {
      if (span !== undefined) endReceived(span, code, { requestId, dryRun: call.dryRun });
    }
  }

  function checkUnread(length: number): void {
    if (length <= MAX_UNREAD_BYTES / MAX_STREAMS || unreadBytes + length <= MAX_UNREAD_BYTES) return;
    const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
    throw new SchedulingError(
      'RESOURCE_EXHAUSTED',
      `the answer has ${mib(length)}, and the callers of all streams leave ${mib(unreadBytes)} unread, of at most ${mib(MAX_UNREAD_BYTES)}; try again, or ask for fewer hosts or reasons (explain_top)`,
    );
  }
}

/** The waits for the caller of a stream. They reject with the reason of its signal when that aborts. */
interface FollowedCaller {
  /** Resolves when there may be something to read. */
  readonly sends: () => Promise<void>;
  /** Writes an answer. Resolves when it has left: grpc-js calls back once it is written to the socket. */
  readonly takes: (response: Buffer) => Promise<void>;
  readonly unfollow: () => void;
}

/** Follows the caller of a stream, and stops the stream when a wait takes {@link STREAM_IDLE_MS}. One timer serves all waits. */
function followCaller(
  stream: ScoreStream,
  { signal, abort }: LinkedAbort,
  { steady, after }: MethodContext,
): FollowedCaller {
  let waitsSince: number | undefined;
  let wake: () => void = () => undefined;
  let giveUp: () => void = () => undefined;
  let cancelTimer = after(STREAM_IDLE_MS, checkIdle);
  for (const event of ['readable', 'end']) stream.on(event, () => wake());
  signal.addEventListener('abort', () => giveUp());

  function wait(start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      waitsSince = steady.now();
      giveUp = () => reject(SchedulingError.from(signal.reason));
      if (signal.aborted) giveUp();
      start(() => {
        waitsSince = undefined;
        resolve();
      });
    });
  }

  function checkIdle(): void {
    const idleMs = waitsSince === undefined ? 0 : steady.now() - waitsSince;
    if (idleMs < STREAM_IDLE_MS) {
      cancelTimer = after(STREAM_IDLE_MS - idleMs, checkIdle);
      return;
    }
    // A status would wait behind an answer that nobody takes.
    if (stream.writableLength > 0) admittedCall(stream.metadata).connection?.cut('answer_late');
    abort(
      new SchedulingError(
        'UNAVAILABLE',
        `the caller sent no request, or took no answer, for ${STREAM_IDLE_MS / MINUTE} minutes; open another stream`,
      ),
    );
  }

  return {
    sends: () => wait((done) => (wake = done)),
    takes: (response) => wait((done) => stream.write(response, done)),
    unfollow: () => cancelTimer(),
  };
}

/**
 * Returns a function that waits for the caller's turn to work: one after another, and in the next turn of the event loop
 * once {@link SLICE_MS} have passed in this one.
 */
function createTurns(steady: Clock): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let sliceEnd: number | undefined;
  let isWorking = false;

  function admitNext(): void {
    if (isWorking || waiting.length === 0) return;
    sliceEnd ??= startSlice();
    if (steady.now() >= sliceEnd) return;
    isWorking = true;
    waiting.shift()?.();
    // A tick that a microtask asks for comes after all that could be done without waiting.
    queueMicrotask(() => process.nextTick(onDone));
  }

  function onDone(): void {
    isWorking = false;
    admitNext();
  }

  function startSlice(): number {
    setImmediate(() => {
      sliceEnd = undefined;
      admitNext();
    });
    return steady.now() + SLICE_MS;
  }

  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      admitNext();
    });
}
