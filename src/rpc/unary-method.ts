import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { Call } from '../domain/contract.js';
import type { SchedulingErrorCode } from '../domain/errors.js';
import { receiveCall, type IncomingCall } from './incoming-call.js';
import { readRequestId } from './message/request-id.js';
import type { MethodContext } from './method-context.js';
import { reportFailure } from './report-failure.js';
import { requestIdMetadata, requestIdOf } from './call-metadata.js';
import { toStatus } from './status.js';
import { decoded, type UNDECODABLE } from './undecodable.js';

/**
 * Makes a method of grpc-js out of a function from message to promise. Whatever it throws becomes the call's status:
 * a SchedulingError its own code and message, anything else INTERNAL with a fixed text. The trailers carry the request
 * id: the message's, else the one in the metadata, else one made here.
 */
export function unaryMethod<Message extends { readonly request_id?: string }, Answer>(
  method: string,
  { admission, clock, steady, log, makeRequestId, onCallEnd }: MethodContext,
  answer: (message: Message, call: Call) => Promise<Answer>,
): (call: ServerUnaryCall<Message | typeof UNDECODABLE, Answer>, respond: sendUnaryData<Answer>) => void {
  return (grpcCall, respond) => void run(grpcCall, respond);

  // Never rejects: the caller of a method that throws asynchronously waits until its deadline.
  async function run(
    grpcCall: ServerUnaryCall<Message | typeof UNDECODABLE, Answer>,
    respond: sendUnaryData<Answer>,
  ): Promise<void> {
    const start = steady.now();
    let requestId = requestIdOf(grpcCall);
    let incoming: IncomingCall | undefined;
    let admitted = false;
    let code: SchedulingErrorCode | 'OK' = 'OK';
    try {
      const message = decoded(grpcCall.request);
      requestId = readRequestId(message.request_id ?? '') ?? requestId ?? makeRequestId();
      incoming = receiveCall(grpcCall, requestId, clock);
      admission.enter();
      admitted = true;
      const response = await answer(message, incoming.call);
      incoming.call.signal.throwIfAborted();
      respond(null, response, requestIdMetadata(requestId));
    } catch (thrown) {
      requestId ??= makeRequestId();
      const error = reportFailure(log, thrown, { method, requestId });
      code = error.code;
      respond({ ...toStatus(error), metadata: requestIdMetadata(requestId) });
    } finally {
      incoming?.end();
      if (admitted) admission.leave();
    }
    onCallEnd({ method, requestId, code, durationMs: steady.now() - start });
  }
}
