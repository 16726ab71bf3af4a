import { connect } from 'node:http2';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { ScoreHostsRequest } from '../../src/gen/hostscore/v1/ScoreHostsRequest.js';
import type { StreamScoreHostsResponse__Output } from '../../src/gen/hostscore/v1/StreamScoreHostsResponse.js';
import { policyUnitMethods } from '../../src/rpc/proto.js';

/** How a call ended, as the wire has it. */
export interface RawOutcome<Response> {
  readonly code: number;
  readonly details: string;
  readonly trailers: Metadata;
  readonly response?: Response;
}

/** What of a method's definition a raw call needs. */
export interface RawMethod<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** Calls a method without the product's client, so that anything can be sent. */
export function rawCall<Request, Response>(
  address: string,
  { path, requestSerialize, responseDeserialize }: RawMethod<Request, Response>,
  request: Request | Buffer,
  { metadata = new Metadata(), deadline = Date.now() + 5000 } = {},
): Promise<RawOutcome<Response>> {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  return new Promise<RawOutcome<Response>>((resolve) => {
    let response: Response | undefined;
    const serialize = (message: Request | Buffer) =>
      Buffer.isBuffer(message) ? message : requestSerialize(message);
    const done = (_error: ServiceError | null, answer?: Response) => (response = answer);
    client
      .makeUnaryRequest(path, serialize, responseDeserialize, request, metadata, { deadline }, done)
      .on('status', ({ code, details, metadata: trailers }) => {
        resolve({ code, details, trailers, ...(response === undefined ? {} : { response }) });
      });
  }).finally(() => client.close());
}

/** What a raw stream has otherwise than by default. */
export interface RawStreamOptions {
  /** 5 s ahead by default. */
  readonly deadline?: number | undefined;
  readonly metadata?: Metadata;
}

/** Opens a StreamScoreHosts on a connection of its own, without the product's client, so that anything can be sent. */
export function rawStream(
  address: string,
  { deadline = Date.now() + 5000, metadata = new Metadata() }: RawStreamOptions = {},
) {
  const { path, requestSerialize, responseDeserialize } = policyUnitMethods.StreamScoreHosts;
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const stream = client.makeBidiStreamRequest(
    path,
    (message: ScoreHostsRequest | Buffer) => (Buffer.isBuffer(message) ? message : requestSerialize(message)),
    responseDeserialize,
    metadata,
    { deadline },
  );
  const ended = new Promise<{ code: number; details: string }>((resolve) => {
    stream.on('status', ({ code, details }) => resolve({ code, details }));
  });
  stream.on('error', (error: ServiceError) => error);
  const answers: StreamScoreHostsResponse__Output[] = [];
  const waiting: (() => void)[] = [];
  stream.on('data', (answer: StreamScoreHostsResponse__Output) => {
    answers.push(answer);
    for (const wake of waiting.splice(0)) wake();
  });
  const answered = async (count: number) => {
    while (answers.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { stream, answers, answered, ended, close: () => client.close() };
}

/**
 * Opens a StreamScoreHosts that sends a request that many times and reads nothing until it is told to: a client of grpc-js
 * always reads up to 16 answers ahead.
 */
export function unreadStream(address: string, request: ScoreHostsRequest, times = 1) {
  const { path, requestSerialize } = policyUnitMethods.StreamScoreHosts;
  const message = requestSerialize(request);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  const session = connect(`http://${address}`);
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request(headers);
  for (const ended of [session, stream]) ended.on('error', () => undefined);
  for (let n = 0; n < times; n += 1) stream.write(Buffer.concat([head, message]));
  return {
    /** Resolves when the connection is closed. */
    closed: new Promise<void>((resolve) => session.on('close', resolve)),
    read: () => stream.resume(),
    close: () => session.destroy(),
  };
}
