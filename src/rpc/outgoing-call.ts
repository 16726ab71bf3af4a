import { status, type Client, type ClientUnaryCall, type ServiceError } from '@grpc/grpc-js';
import { setMaxListeners } from 'node:events';
import type { Call } from '../domain/contract.js';
import { contractViolation, endOfCall, SchedulingError, type NotFoundSubject } from '../domain/errors.js';
import type { CallSpan } from '../domain/trace.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import { callMetadata, readRequestId } from './call-metadata.js';
import { isRetried } from './channel.js';
import { endSent, spanOfSent } from './call-spans.js';
import { fromStatus } from './status.js';

/** Timeout of a call without a deadline, in milliseconds, so that a silent service blocks nobody forever. */
const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Most calls a second that a channel ends by a reset. A server of Node cuts a connection whose resets use up a burst of 1000
 * and then exceed 33 a second, and others' calls with it; those of {@link MAX_ABANDONED} come on top.
 */
const MAX_RESETS_A_SECOND = 10;

/** Most calls of a channel that run on for nobody. Their requests and answers are held meanwhile; further ones are reset. */
const MAX_ABANDONED = 32;

/** Time until a call that runs on for nobody is reset, in ms: 32 in 10 s are 3.2 resets a second. */
const ABANDONED_MS = 10_000;

/** A remote service. */
export interface Remote {
  readonly client: Client;
  /** Address for messages. */
  readonly target: string;
  /**
   * Ends a call that nobody waits for any more: by a reset, or by letting it run to its own end when there were many resets.
   * Returns a function to be called at its end.
   */
  readonly leave: (call: Pick<ClientUnaryCall, 'cancel'>) => () => void;
}

/** Creates the remote service behind a channel. A test passes its own time. */
export function createRemote(
  client: Client,
  target: string,
  { steady = performance, after = nodeAfter }: { readonly steady?: Clock; readonly after?: After } = {},
): Remote {
  let second = 0;
  let resets = 0;
  let abandoned = 0;
  return {
    client,
    target,
    leave(call) {
      const now = Math.floor(steady.now() / 1000);
      if (now !== second) resets = 0;
      second = now;
      if (resets < MAX_RESETS_A_SECOND || abandoned >= MAX_ABANDONED) {
        resets += 1;
        call.cancel();
        return () => undefined;
      }
      abandoned += 1;
      const cancelTimer = after(ABANDONED_MS, () => call.cancel());
      return () => {
        cancelTimer();
        abandoned -= 1;
      };
    },
  };
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
 * metadata, and so is the context of a trace. Rejects with a SchedulingError.
 */
export function callUnary<Answer>(
  remote: Remote,
  outgoing: OutgoingCall<Answer>,
  call: Call,
): Promise<Answer> {
  return call.span === undefined
    ? send(remote, outgoing, call)
    : sendTraced(remote, outgoing, call, call.span);
}

async function sendTraced<Answer>(
  remote: Remote,
  outgoing: OutgoingCall<Answer>,
  call: Call,
  caller: CallSpan,
): Promise<Answer> {
  const span = spanOfSent(caller, outgoing.path, remote.target);
  try {
    const answer = await send(remote, outgoing, { ...call, span });
    endSent(span, 'OK');
    return answer;
  } catch (thrown) {
    endSent(span, SchedulingError.from(thrown).code);
    throw thrown;
  }
}

/**
 * Sends a call. An answer that had begun when its connection was lost, as of a service that is killed before the status, is asked
 * for once more if it may be: gRPC's own retries end where an answer begins.
 */
function send<Answer>(
  { client, target, leave }: Remote,
  { path, write, read, notFound }: OutgoingCall<Answer>,
  call: Call,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    checkCall(call);
    const { signal } = call;
    const now = Date.now();
    const deadline = call.deadline === Infinity ? now + DEFAULT_TIMEOUT_MS : call.deadline;
    let onEnd: (() => void) | undefined;
    const request = write();
    let attempts = 0;
    let hasBegun = false;
    let grpcCall = start();
    const cancelTimer = nodeAfter(deadline - now, () =>
      stopWaiting(new SchedulingError('DEADLINE_EXCEEDED', `no answer from ${target} in time`)),
    );
    // Many calls may share one signal, which is no leak.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', onAbort);

    function start() {
      attempts += 1;
      hasBegun = false;
      try {
        return (
          client
            // Without a deadline of grpc-js, which would reset the call when it passes.
            .makeUnaryRequest(
              path,
              asIs,
              asIs,
              request,
              callMetadata(call, Math.max(1, deadline - Date.now())),
              onAnswer,
            )
            .on('metadata', () => (hasBegun = true))
        );
      } catch (cause) {
        const message = `${target}: the client can't call it any more; open another one`;
        throw new SchedulingError('UNAVAILABLE', message, { cause });
      }
    }

    function onAbort(): void {
      stopWaiting(endOfCall(signal));
    }

    function stopWaiting(reason: Error): void {
      signal.removeEventListener('abort', onAbort);
      cancelTimer();
      reject(reason);
      onEnd = leave(grpcCall);
    }

    function onAnswer(error: ServiceError | null, bytes?: Buffer): void {
      if (onEnd !== undefined) {
        onEnd();
        return;
      }
      if (error?.code === status.UNAVAILABLE && hasBegun && attempts === 1 && isRetried(path)) {
        try {
          grpcCall = start();
          return;
        } catch {
          // The client is closed: it is the first failure that counts.
        }
      }
      signal.removeEventListener('abort', onAbort);
      cancelTimer();
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
