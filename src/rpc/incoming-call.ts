import type { Metadata } from '@grpc/grpc-js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { depthOf } from './call-metadata.js';

/** What a unary call and a stream of grpc-js have in common. */
export interface GrpcCall {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  readonly getDeadline: () => Date | number;
  readonly on: (event: 'cancelled', listener: () => void) => unknown;
  readonly off: (event: 'cancelled', listener: () => void) => unknown;
}

/** A call as it came in, with the means to stop listening to its caller. */
export interface IncomingCall {
  readonly call: Call;
  /** Has to be called when the answer is there. */
  readonly end: () => void;
}

/**
 * A caller's own timer started when its request left, that of the server when it came in; so a caller gives up on time a
 * little before the deadline here: milliseconds.
 */
const CALLER_AHEAD_MS = 100;

/**
 * Makes a call of what grpc-js hands over: its signal aborts when the caller goes away, with CANCELLED as its reason, or
 * when the deadline passes, with DEADLINE_EXCEEDED. Throws the same when either has already happened, so that nothing is
 * computed for nobody.
 */
export function receiveCall(
  grpcCall: GrpcCall,
  requestId: string,
  clock: { readonly now: () => number },
): IncomingCall {
  const deadline = Number(grpcCall.getDeadline());
  const whyGone = () =>
    clock.now() >= deadline - CALLER_AHEAD_MS
      ? new SchedulingError('DEADLINE_EXCEEDED', 'the answer was not there in time')
      : new SchedulingError('CANCELLED', 'the caller went away');
  if (grpcCall.cancelled || clock.now() >= deadline) throw whyGone();
  const controller = new AbortController();
  // grpc-js ends a call at its deadline by itself, with this same event.
  const onCancelled = () => controller.abort(whyGone());
  grpcCall.on('cancelled', onCancelled);
  return {
    call: { requestId, signal: controller.signal, deadline, depth: depthOf(grpcCall) },
    end: () => grpcCall.off('cancelled', onCancelled),
  };
}
