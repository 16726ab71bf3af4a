import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Call, PolicyUnitService } from '../domain/contract.js';
import { failureOf } from '../domain/errors.js';
import { requestIdMetadata, readRequestId, requestIdOf } from './call-metadata.js';
import {
  decodeRequest,
  receiveCall,
  reportFailure,
  type EndedCall,
  type IncomingCall,
  type MethodContext,
} from './incoming-call.js';
import type { RequestReader } from './message/read-request.js';
import { writeStreamedFailure, writeStreamedScores } from './message/write-response.js';
import { policyUnitMethods } from './proto.js';
import { toStatus } from './status.js';

const METHOD = 'StreamScoreHosts';

/**
 * Makes the method that scores a stream of requests: strictly in order, one at a time, and reading on only when the
 * caller takes the answers. A request that can't be answered gets its failure as data. The stream ends when the caller
 * half-closes it, and with UNAVAILABLE, after the answer being worked on, when the server closes.
 */
export function scoreStreamMethod(
  context: MethodContext,
  service: PolicyUnitService,
  reader: RequestReader,
): (stream: ServerDuplexStream<Buffer, Buffer>) => void {
  const { admission, clock, steady, log, makeRequestId, onCallEnd } = context;

  return function serve(stream) {
    const start = steady.now();
    const requestId = requestIdOf(stream.metadata) ?? makeRequestId();
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
    stream.on('data', (bytes: Buffer) => {
      stream.pause();
      working = true;
      void answer(bytes, call).then((response) => {
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

function afterTurns(turns: number, then: () => void): void {
  if (turns === 0) then();
  else setImmediate(() => afterTurns(turns - 1, then));
}
