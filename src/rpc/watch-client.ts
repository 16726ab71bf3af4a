import type { Call } from '../domain/contract.js';
import { endOfCall, SchedulingError } from '../domain/errors.js';
import type { FeedPart, FollowRequest } from '../domain/inventory-feed.js';
import { requestIdMetadata } from './call-metadata.js';
import { createPartReader, writeWatch } from './message/watch.js';
import type { Remote } from './outgoing-call.js';
import { inventoryMethods } from './proto.js';
import { fromStatus } from './status.js';

/**
 * Watches a remote inventory, and passes on part after part; the service waits while they are not taken.
 * Rejects with a SchedulingError when the watch ends, for whatever reason.
 */
export type WatchInventory = (
  request: FollowRequest,
  call: Pick<Call, 'requestId' | 'signal'>,
  onPart: (part: FeedPart) => void,
) => Promise<never>;

/** Creates the caller of Watch. */
export function createWatch(remote: Pick<Remote, 'client' | 'target'>): WatchInventory {
  const { path } = inventoryMethods.Watch;
  return async (asked, call, onPart) => {
    const read = createPartReader();
    const request = writeWatch(asked, call.requestId);
    return followStream(remote, { path, request }, call, (bytes) => onPart(read(bytes)));
  };
}

/**
 * Calls a method that streams its answers, and passes on message after message; the service waits while they are not taken.
 * Rejects with a SchedulingError when the stream ends, for whatever reason.
 */
export async function followStream(
  { client, target }: Pick<Remote, 'client' | 'target'>,
  { path, request }: { readonly path: string; readonly request: Buffer },
  { requestId, signal }: Pick<Call, 'requestId' | 'signal'>,
  onMessage: (bytes: Buffer) => void,
): Promise<never> {
  signal.throwIfAborted();
  const stream = client.makeServerStreamRequest(path, asIs, asIs, request, requestIdMetadata(requestId));
  const cancel = () => stream.cancel();
  const isStopped = () => signal.aborted;
  signal.addEventListener('abort', cancel);
  try {
    for await (const bytes of stream) if (Buffer.isBuffer(bytes)) onMessage(bytes);
  } catch (thrown) {
    if (isStopped()) throw endOfCall(signal);
    throw isStatus(thrown) ? fromStatus(thrown, target) : SchedulingError.from(thrown);
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
  throw new SchedulingError('UNAVAILABLE', `${target}: it ended the watch`);
}

function isStatus(thrown: unknown): thrown is { readonly code: number; readonly details: string } {
  return (
    thrown instanceof Error &&
    'details' in thrown &&
    typeof thrown.details === 'string' &&
    'code' in thrown &&
    typeof thrown.code === 'number'
  );
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
