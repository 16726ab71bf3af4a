import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';

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
