import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Call, PolicyUnitService } from '../domain/contract.js';
import { failureOf } from '../domain/errors.js';
import { linkAbort, waitFor } from '../lib/deadline.js';
import { readRequestId } from './call-metadata.js';
import { decodeRequest, reportFailure, serveCall, type MethodContext } from './incoming-call.js';
import type { RequestReader } from './message/read-request.js';
import { writeStreamedFailure, writeStreamedScores } from './message/write-response.js';
import { policyUnitMethods } from './proto.js';

const METHOD = 'StreamScoreHosts';

/** Event loop turns to wait at the end of a stream: grpc-js reports a cancellation up to two turns after ending the requests. */
const TURNS_UNTIL_CANCELLED = 3;

type ScoreStream = ServerDuplexStream<Buffer, Buffer>;

/**
 * Creates the method that scores a stream of requests, in order and one at a time, with backpressure from the caller. A
 * request that can't be answered gets its failure as data. The stream ends when the caller half-closes it, or with
 * UNAVAILABLE, after the current answer, when the server closes.
 */
export function scoreStreamMethod(
  context: MethodContext,
  service: PolicyUnitService,
  reader: RequestReader,
): (stream: ScoreStream) => void {
  const { admission, log, makeRequestId } = context;
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
    let wake: () => void = () => undefined;
    for (const event of ['readable', 'end']) stream.on(event, () => wake());
    try {
      while (!stream.readableEnded) {
        const bytes: unknown = stream.read();
        if (!Buffer.isBuffer(bytes)) {
          await waitFor(new Promise<void>((resolve) => (wake = resolve)), stop.signal);
          continue;
        }
        const response = await answer(bytes, call);
        call.signal.throwIfAborted();
        if (!stream.write(response)) await waitFor(once(stream, 'drain'), stop.signal);
        stop.signal.throwIfAborted();
      }
      for (let turn = 0; turn < TURNS_UNTIL_CANCELLED; turn++) await setImmediate();
    } finally {
      stop.unlink();
    }
  }

  // Never rejects.
  async function answer(bytes: Buffer, call: Call): Promise<Buffer> {
    let requestId: string | undefined;
    try {
      const message = decodeRequest(bytes, policyUnitMethods.StreamScoreHosts.requestDeserialize);
      requestId = readRequestId(message.request_id) ?? makeRequestId();
      const request = reader.scoreHosts(message);
      const scores = await service.scoreHosts(request, { ...call, requestId });
      return writeStreamedScores(requestId, scores, request.explainTop);
    } catch (thrown) {
      requestId ??= makeRequestId();
      const error = reportFailure(log, thrown, { method: METHOD, requestId });
      return writeStreamedFailure(requestId, failureOf(error));
    }
  }
}
