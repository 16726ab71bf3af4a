import type { Client, ServiceError } from '@grpc/grpc-js';
import type { Call } from '../domain/contract.js';
import { contractViolation, endOfCall, SchedulingError, type NotFoundSubject } from '../domain/errors.js';
import { callMetadata, readRequestId } from './call-metadata.js';
import { fromStatus } from './status.js';

/** Timeout of a call without a deadline, in milliseconds, so that a silent service blocks nobody forever. */
const DEFAULT_TIMEOUT_MS = 10_000;

/** A remote service. */
export interface Remote {
  readonly client: Client;
  /** Address for messages. */
  readonly target: string;
}

/** A call of a remote method. */
export interface OutgoingCall<Answer> {
  readonly path: string;
  /** Encodes the request. Called only if the call can be made. */
  readonly write: () => Buffer;
  /** Decodes the answer. Throws a SchedulingError for one that breaks the contract. */
  readonly read: (bytes: Buffer) => Answer;
  /** Subject of the status NOT_FOUND. */
  readonly notFound: NotFoundSubject | undefined;
}

/**
 * Calls a remote method within the call's deadline, until its signal aborts. Request id, depth and dry run are sent as
 * metadata. Rejects with a SchedulingError.
 */
export function callUnary<Answer>(
  { client, target }: Remote,
  { path, write, read, notFound }: OutgoingCall<Answer>,
  call: Call,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    checkCall(call);
    const { signal } = call;
    const deadline = call.deadline === Infinity ? Date.now() + DEFAULT_TIMEOUT_MS : call.deadline;
    const grpcCall = start(write());
    signal.addEventListener('abort', onAbort);

    function start(request: Buffer) {
      try {
        return client.makeUnaryRequest(path, asIs, asIs, request, callMetadata(call), { deadline }, onAnswer);
      } catch (cause) {
        const message = `${target}: the client can't call it any more; open another one`;
        throw new SchedulingError('UNAVAILABLE', message, { cause });
      }
    }

    function onAbort(): void {
      signal.removeEventListener('abort', onAbort);
      reject(endOfCall(signal));
      grpcCall.cancel();
    }

    function onAnswer(error: ServiceError | null, bytes?: Buffer): void {
      signal.removeEventListener('abort', onAbort);
      try {
        if (error !== null) throw fromStatus(error, target, notFound);
        if (bytes === undefined) throw contractViolation('response: no message');
        resolve(read(bytes));
      } catch (thrown) {
        reject(SchedulingError.from(thrown));
      }
    }
  });
}

/** Throws if a call can't be made: its signal has aborted, its deadline passed, or its request id is no valid metadata. */
function checkCall({ signal, deadline, requestId }: Call): void {
  if (signal.aborted) throw endOfCall(signal);
  if (deadline <= Date.now()) throw new SchedulingError('DEADLINE_EXCEEDED', 'no time is left for the call');
  readRequestId(requestId);
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
