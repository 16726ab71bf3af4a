import type { Client } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import type { Call } from '../contract.js';
import { SchedulingError } from '../errors.js';
import { endOf, throwIfOver } from './call-end.js';
import { requestIdMetadata } from './request-id-metadata.js';
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
  const { signal } = call;
  return new Promise((resolve, reject) => {
    throwIfOver(call);
    const deadline = call.deadline === Infinity ? Date.now() + defaultTimeoutMs : call.deadline;
    const grpcCall = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      message,
      requestIdMetadata(call.requestId),
      { deadline },
      (error, response) => {
        signal.removeEventListener('abort', onAbort);
        settle(() => {
          if (error !== null) throw fromStatus(error, target);
          if (response === undefined)
            throw new SchedulingError('INTERNAL', `${target}: an answer without a message`);
          return read(response);
        });
      },
    );
    signal.addEventListener('abort', onAbort);

    function onAbort(): void {
      signal.removeEventListener('abort', onAbort);
      reject(endOf(call));
      grpcCall.cancel();
    }

    function settle(result: () => Result): void {
      try {
        resolve(result());
      } catch (error) {
        reject(SchedulingError.from(error));
      }
    }
  });
}
