import type { Client, ServiceError } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { checkCall, endOf } from './outgoing-call.js';
import { answerFault } from './message/answer-fault.js';
import { callMetadata } from './call-metadata.js';
import { fromStatus } from './status.js';

/** Whom to call, and how. */
export interface Remote {
  readonly client: Client;
  /** For messages. */
  readonly target: string;
  /** How long a call without a deadline may take: milliseconds. */
  readonly defaultTimeoutMs: number;
}

/**
 * Calls one method of a remote service, within the call's time and until its signal aborts; the request id goes along as
 * metadata. Rejects with a SchedulingError, and with the one that `read` throws.
 */
export function callUnary<Request, ResponseRead, Result>(
  { client, target, defaultTimeoutMs }: Remote,
  method: Pick<
    MethodDefinition<Request, object, object, ResponseRead>,
    'path' | 'requestSerialize' | 'responseDeserialize'
  >,
  message: Request,
  call: Call,
  read: (response: ResponseRead) => Result,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    checkCall(call);
    const deadline = call.deadline === Infinity ? Date.now() + defaultTimeoutMs : call.deadline;
    const grpcCall = ifOpen(target, () =>
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        message,
        callMetadata(call),
        { deadline },
        onAnswer,
      ),
    );
    call.signal.addEventListener('abort', onAbort);

    function onAbort(): void {
      call.signal.removeEventListener('abort', onAbort);
      reject(endOf(call));
      grpcCall.cancel();
    }

    function onAnswer(error: ServiceError | null, response?: ResponseRead): void {
      call.signal.removeEventListener('abort', onAbort);
      try {
        if (error !== null) throw fromStatus(error, target);
        if (response === undefined) throw answerFault('response', 'no message');
        resolve(read(response));
      } catch (thrown) {
        reject(SchedulingError.from(thrown));
      }
    }
  });
}

/** Starts a call. Throws UNAVAILABLE when the client is closed. */
export function ifOpen<Started>(target: string, start: () => Started): Started {
  try {
    return start();
  } catch (error) {
    throw new SchedulingError(
      'UNAVAILABLE',
      `${target}: the client can't call it any more; open another one`,
      {
        cause: error,
      },
    );
  }
}
