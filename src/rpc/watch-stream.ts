import { setMaxListeners } from 'node:events';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { FollowRequest, InventoryFeed } from '../domain/inventory-feed.js';
import { linkAbort, waitFor } from '../lib/deadline.js';
import type { After } from '../lib/timers.js';
import { admittedCall, readRequestId } from './call-metadata.js';
import { decodeRequest, serveCall, type MethodContext } from './incoming-call.js';
import { readWatch } from './message/watch.js';
import { inventoryMethods } from './proto.js';
import { createStepLog, type StepLog } from './step-log.js';

const METHOD = 'Watch';

/** Longest time that a watcher may take for one message of 100 KB, or some short ones, in milliseconds. The contract names it. */
export const MAX_UNREAD_MS = 60_000;

/** A stream of encoded messages to one watcher. */
export type WatchStream = ServerWritableStream<Buffer, Buffer>;

/** Returns the feed of the moment; undefined when there is none here. */
export type FeedSource = () => InventoryFeed | undefined;

/**
 * Creates the method that streams an inventory. Of each watcher one message is unsent at a time; one that falls behind further
 * than the steps that are kept gets the whole inventory anew. The stream ends when its caller ends it, or with UNAVAILABLE when
 * the server closes.
 */
export function watchMethod(context: MethodContext, feedNow: FeedSource): (stream: WatchStream) => void {
  const { admission, after } = context;
  let current: { readonly feed: InventoryFeed; readonly log: StepLog } | undefined;

  function currentLog(): NonNullable<typeof current> {
    const feed = feedNow();
    if (feed === undefined) {
      throw new SchedulingError(
        'UNIMPLEMENTED',
        'nothing to watch here: this server reads no oVirt engine; watch one that does',
      );
    }
    if (current?.feed !== feed)
      current = { feed, log: createStepLog(feed, { closing: admission.closing, after }) };
    return current;
  }

  async function sendAll(stream: WatchStream, { from, uses }: FollowRequest, call: Call): Promise<never> {
    const { feed, log } = currentLog();
    const cursor = log.open(from);
    const stop = linkAbort(admission.closing);
    const onGone = () => stop.abort(call.signal.reason);
    const onClosed = () =>
      stop.abort(new SchedulingError('UNAVAILABLE', 'the inventory is closed; watch again'));
    call.signal.addEventListener('abort', onGone);
    // One for each replica, which is no leak.
    setMaxListeners(0, feed.closed);
    feed.closed.addEventListener('abort', onClosed);
    if (feed.closed.aborted) onClosed();
    try {
      for (;;) {
        stop.signal.throwIfAborted();
        const message = cursor.next();
        for (const data of uses) feed.use(data);
        await (message === undefined
          ? waitFor(cursor.changed(), stop.signal)
          : sendWatched(stream, [message], { signal: stop.signal, after }));
      }
    } finally {
      cursor.close();
      call.signal.removeEventListener('abort', onGone);
      feed.closed.removeEventListener('abort', onClosed);
      stop.unlink();
    }
  }

  return (stream) =>
    void serveCall(context, {
      method: METHOD,
      grpcCall: stream,
      open() {
        const message = decodeRequest(stream.request, inventoryMethods.Watch.requestDeserialize);
        return {
          requestId: readRequestId(message.request_id),
          answer: (call) => sendAll(stream, readWatch(message), call),
        };
      },
      succeed: (_, trailers) => stream.end(trailers),
      // grpc-js takes the status of a stream as its error.
      fail: (status) => stream.emit('error', status),
    });
}

/**
 * Sends messages of a watch. Resolves when they have left: grpc-js calls back for each once it is written to the socket. Rejects
 * when the token of the watch is not taken any more.
 */
export async function sendWatched(
  stream: WatchStream,
  messages: readonly Buffer[],
  { signal, after }: { readonly signal: AbortSignal; readonly after: After },
): Promise<void> {
  const { connection, expectAllowed } = admittedCall(stream.metadata);
  expectAllowed?.();
  const cancelTimer = after(MAX_UNREAD_MS, () => connection?.cut('answer_late'));
  try {
    const sent = messages.map(
      (message) => new Promise<void>((resolve) => stream.write(message, () => resolve())),
    );
    await waitFor(Promise.all(sent), signal);
  } finally {
    cancelTimer();
  }
}
