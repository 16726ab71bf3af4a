import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Call, PolicyUnitService } from '../domain/contract.js';
import { failureOf } from '../domain/errors.js';
import type { ScoreHostsRequest__Output } from '../gen/hostscore/v1/ScoreHostsRequest.js';
import type { StreamScoreHostsResponse } from '../gen/hostscore/v1/StreamScoreHostsResponse.js';
import { receiveCall, type IncomingCall } from './incoming-call.js';
import type { RequestReader } from './message/read-request.js';
import { readRequestId } from './message/request-id.js';
import { writeFailure, writeScores } from './message/write-response.js';
import type { EndedCall, MethodContext } from './method-context.js';
import type { Sent } from './proto.js';
import { reportFailure } from './report-failure.js';
import { requestIdMetadata, requestIdOf } from './call-metadata.js';
import { toStatus } from './status.js';
import { decoded, type UNDECODABLE } from './undecodable.js';

const METHOD = 'StreamScoreHosts';

type Message = ScoreHostsRequest__Output | typeof UNDECODABLE;
type Answer = Sent<StreamScoreHostsResponse>;
type ScoreStream = ServerDuplexStream<Message, Answer>;

/**
 * Makes the method that scores a stream of requests: strictly in order, one at a time, and reading on only when the
 * caller takes the answers. A request that can't be answered gets its failure as data. The stream ends when the caller
 * half-closes it, and with UNAVAILABLE, after the answer being worked on, when the server closes.
 */
export function scoreStreamMethod(
  context: MethodContext,
  service: PolicyUnitService,
  reader: RequestReader,
): (stream: ScoreStream) => void {
  const { admission, clock, steady, log, makeRequestId, onCallEnd } = context;

  return function serve(stream) {
    const start = steady.now();
    const requestId = requestIdOf(stream) ?? makeRequestId();
    const ended = (code: EndedCall['code']) =>
      onCallEnd({ method: METHOD, requestId, code, durationMs: steady.now() - start });
    const fail = (thrown: unknown) => {
      const error = reportFailure(log, thrown, { method: METHOD, requestId });
      ended(error.code);
      // How grpc-js is told the status of a stream.
      stream.emit('error', { ...toStatus(error), metadata: requestIdMetadata(requestId) });
    };

    let incoming: IncomingCall;
    try {
      incoming = receiveCall(stream, requestId, clock);
      admission.enter();
    } catch (thrown) {
      fail(thrown);
      return;
    }
    const { call, end } = incoming;
    let working = false;
    let halfClosed = false;
    let over = false;

    const leave = () => {
      over = true;
      end();
      call.signal.removeEventListener('abort', stop);
      admission.closing.removeEventListener('abort', stop);
      admission.leave();
    };
    // Ends the stream for its caller's or the server's sake, but not while an answer is being worked on.
    const stop = () => {
      if (working || over) return;
      leave();
      stream.pause();
      fail(call.signal.aborted ? call.signal.reason : admission.closing.reason);
    };
    const finish = () => {
      leave();
      stream.end(requestIdMetadata(requestId));
      ended('OK');
    };
    const goOn = () => {
      if (over) return;
      if (call.signal.aborted || admission.closing.aborted) stop();
      else if (halfClosed) finish();
      else stream.resume();
    };

    call.signal.addEventListener('abort', stop);
    admission.closing.addEventListener('abort', stop);
    stream.on('data', (message: Message) => {
      stream.pause();
      working = true;
      void answer(message, call).then((response) => {
        working = false;
        if (call.signal.aborted || stream.write(response)) goOn();
        else stream.once('drain', goOn);
      });
    });
    // Node emits it as soon as the last message is handed over, also while that one is being worked on; and grpc-js, for
    // a caller that cancels, up to two turns of the event loop before it tells of the cancellation.
    stream.on('end', () => {
      halfClosed = true;
      afterTurns(3, () => {
        if (!working) goOn();
      });
    });
  };

  async function answer(message: Message, { signal, deadline, depth }: Call): Promise<Answer> {
    let requestId: string | undefined;
    try {
      const request = decoded(message);
      requestId = readRequestId(request.request_id) ?? makeRequestId();
      const scoring = reader.scoreHosts(request);
      const scores = await service.scoreHosts(scoring, {
        requestId,
        signal,
        deadline,
        ...(depth === undefined ? {} : { depth }),
      });
      return { request_id: requestId, response: writeScores(scores, scoring.explainTop) };
    } catch (thrown) {
      requestId ??= makeRequestId();
      const error = reportFailure(log, thrown, { method: METHOD, requestId });
      return { request_id: requestId, failure: writeFailure(failureOf(error)) };
    }
  }
}

function afterTurns(turns: number, then: () => void): void {
  if (turns === 0) then();
  else setImmediate(() => afterTurns(turns - 1, then));
}
