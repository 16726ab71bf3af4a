import type { Call, ScoreHostsRequest, ScoreHostsResponse, UnitFailure } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { StreamScoreHostsResponse__Output } from '../gen/hostscore/v1/StreamScoreHostsResponse.js';

import { answerFault } from './message/answer-fault.js';
import { quote } from './message/quote.js';
import { readFailure } from './message/read-answer-parts.js';
import { readScores, type ScoreReading } from './message/read-scores.js';
import { writeScoreHosts } from './message/write-request.js';
import { policyUnitMethods } from './proto.js';
import { callMetadata } from './call-metadata.js';
import { fromStatus } from './status.js';
import { checkCall, endOf } from './outgoing-call.js';
import { ifOpen, type Remote } from './unary-call.js';

/** One request of a stream, under an id of its own. */
export interface StreamedRequest {
  /** Names the request in the logs of both sides: up to 128 printable ASCII characters. */
  readonly requestId: string;
  readonly request: ScoreHostsRequest;
}

/** What came of one request of a stream: its answer, or why there is none. */
export type StreamedScores =
  | { readonly requestId: string; readonly response: ScoreHostsResponse; readonly failure?: never }
  | { readonly requestId: string; readonly failure: UnitFailure; readonly response?: never };

/**
 * Sends requests as fast as the service takes them and yields their answers, in the order of the requests. Throws the
 * error of the requests' source; a SchedulingError when the stream breaks, is cancelled or answers against the contract.
 * The call's deadline, if it has one, is that of the whole stream. Leaving the loop cancels the stream.
 */
export async function* streamScores(
  { client, target }: Omit<Remote, 'defaultTimeoutMs'>,
  requests: AsyncIterable<StreamedRequest>,
  call: Call,
  reading: ScoreReading,
): AsyncGenerator<StreamedScores, void, undefined> {
  checkCall(call);
  const { path, requestSerialize, responseDeserialize } = policyUnitMethods.StreamScoreHosts;
  const options = call.deadline === Infinity ? {} : { deadline: call.deadline };
  const metadata = callMetadata(call);
  const stream = ifOpen(target, () =>
    client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata, options),
  );
  const over = new AbortController();
  const unanswered: StreamedRequest[] = [];
  const source: { finished: boolean; failure?: { readonly error: unknown } } = { finished: false };
  const cancel = () => stream.cancel();
  // The iteration below hears of errors too, but may be gone by then.
  stream.on('error', () => undefined);
  call.signal.addEventListener('abort', cancel);
  void sendAll().then(
    () => (source.finished = true),
    (error: unknown) => {
      source.failure = { error };
      stream.cancel();
    },
  );

  async function sendAll(): Promise<void> {
    for await (const streamed of requests) {
      if (over.signal.aborted) return;
      unanswered.push(streamed);
      const taken = stream.write(writeScoreHosts(streamed.request, streamed.requestId));
      if (!taken) await drained();
    }
    stream.end();
  }

  function drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        stream.off('drain', done);
        over.signal.removeEventListener('abort', done);
        resolve();
      };
      stream.on('drain', done);
      over.signal.addEventListener('abort', done);
    });
  }

  try {
    for await (const message of stream as AsyncIterable<StreamScoreHostsResponse__Output>) {
      yield readAnswer(message, unanswered.shift(), reading);
    }
    if (unanswered.length > 0 || !source.finished) {
      throw answerFault('stream', 'it ended before every request was answered');
    }
  } catch (error) {
    if (source.failure !== undefined) throw source.failure.error;
    if (call.signal.aborted) throw endOf(call);
    throw isServiceError(error) ? fromStatus(error, target) : SchedulingError.from(error);
  } finally {
    over.abort();
    call.signal.removeEventListener('abort', cancel);
    stream.cancel();
  }
}

function readAnswer(
  { request_id, response, failure }: StreamScoreHostsResponse__Output,
  asked: StreamedRequest | undefined,
  reading: ScoreReading,
): StreamedScores {
  if (asked === undefined) throw answerFault('stream', 'an answer without a request');
  const { requestId, request } = asked;
  if (request_id !== requestId) {
    throw answerFault('request_id', `expected ${quote(requestId)}, got ${quote(request_id)}`);
  }
  if (failure != null) return { requestId, failure: readFailure(failure) };
  if (response == null) throw answerFault('outcome', 'expected a response or a failure, got neither');
  return { requestId, response: readScores(response, request, reading) };
}

function isServiceError(error: unknown): error is { code: number; details: string } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'number' &&
    'details' in error &&
    typeof error.details === 'string'
  );
}
