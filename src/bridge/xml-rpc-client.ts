import got, { type PlainResponse } from 'got';
import { SchedulingError } from '../domain/errors.js';
import { callFailure } from './http-failure.js';
import { XmlRpcFault } from './xml-rpc/fault.js';
import type { XmlRpcLimits } from './xml-rpc/limits.js';
import { createResponseReader } from './xml-rpc/response-reader.js';
import type { XmlRpcValue } from '../engine-model/value.js';
import { writeCall } from './xml-rpc/writer.js';

/** Whom to call, and how long and how much to read. */
export interface XmlRpcClientOptions {
  /** Such as `http://127.0.0.1:18781/`. */
  readonly url: string;
  /** Longest time from the call to the end of the answer, in ms. */
  readonly timeoutMs: number;
  /** Bytes of an answer's body; by default {@link MAX_ANSWER_BYTES}. */
  readonly maxAnswerBytes?: number;
  /** Limits that are not given are those of XML_RPC_LIMITS. */
  readonly limits?: Partial<XmlRpcLimits>;
}

/** Calls one server of XML-RPC. */
export interface XmlRpcClient {
  /**
   * Calls a method. Rejects with the XmlRpcFault that the server sent; with a SchedulingError UNAVAILABLE when there was no
   * answer, DEADLINE_EXCEEDED when it was late, INTERNAL when it was no XML-RPC, CANCELLED when the signal aborted.
   */
  readonly call: (
    method: string,
    params: readonly XmlRpcValue[],
    options?: { readonly signal?: AbortSignal },
  ) => Promise<XmlRpcValue>;
  /** Gives up the calls under way. */
  readonly close: () => void;
}

/** Fits 10,000 rows of each of a dozen units. */
export const MAX_ANSWER_BYTES = 32 * 1024 ** 2;

/** Creates a client that opens a connection a call, as the engine does; it neither retries, nor redirects, nor uses a proxy. */
export function createXmlRpcClient({
  url,
  timeoutMs,
  maxAnswerBytes = MAX_ANSWER_BYTES,
  limits = {},
}: XmlRpcClientOptions): XmlRpcClient {
  const underWay = new Set<AbortController>();
  let closed = false;

  async function call(
    method: string,
    params: readonly XmlRpcValue[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<XmlRpcValue> {
    if (closed) throw clientClosed();
    if (signal?.aborted === true) throw SchedulingError.from(signal.reason);
    const ending = new AbortController();
    const follow = () => ending.abort(signal?.reason);
    signal?.addEventListener('abort', follow, { once: true });
    underWay.add(ending);
    try {
      return await answerTo(writeCall(method, params), ending.signal);
    } catch (thrown) {
      if (thrown instanceof XmlRpcFault || thrown instanceof SchedulingError) throw thrown;
      if (ending.signal.aborted) throw SchedulingError.from(ending.signal.reason);
      throw callFailure(thrown, { url, timeoutMs });
    } finally {
      underWay.delete(ending);
      signal?.removeEventListener('abort', follow);
    }
  }

  async function answerTo(body: string, signal: AbortSignal): Promise<XmlRpcValue> {
    const request = got.stream.post(url, {
      headers: { 'content-type': 'text/xml', accept: 'text/xml', 'user-agent': 'hostscore' },
      body,
      timeout: { request: timeoutMs },
      decompress: false,
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      signal,
    });
    // Whoever waits hears of an error by other ways; one that comes when nobody waits must not end the process.
    request.on('error', () => undefined);
    try {
      const { statusCode } = await headOf(request);
      if (statusCode !== 200) {
        throw new SchedulingError(
          'UNAVAILABLE',
          `${url} answered with the HTTP status ${statusCode}, and not with 200`,
        );
      }
      return await valueOf(request);
    } finally {
      request.destroy();
    }
  }

  async function valueOf(body: AsyncIterable<unknown>): Promise<XmlRpcValue> {
    const reader = createResponseReader(limits);
    let size = 0;
    for await (const chunk of body) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('got gave a chunk that is no Buffer');
      size += chunk.length;
      if (size > maxAnswerBytes) {
        throw new SchedulingError(
          'INTERNAL',
          `the answer of ${url} has more than ${maxAnswerBytes} bytes, the limit of this client`,
        );
      }
      read(() => reader.write(chunk));
    }
    const response = read(reader.end);
    if (response.fault !== undefined) throw response.fault;
    return response.value;
  }

  function read<Result>(step: () => Result): Result {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof XmlRpcFault)) throw error;
      throw new SchedulingError('INTERNAL', `the answer of ${url} is no XML-RPC: ${error.message}`);
    }
  }

  return {
    call,
    close() {
      closed = true;
      for (const ending of underWay) ending.abort(clientClosed());
    },
  };
}

function clientClosed(): SchedulingError {
  return new SchedulingError('CANCELLED', 'the client was closed');
}

function headOf(request: ReturnType<typeof got.stream.post>): Promise<PlainResponse> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', resolve);
  });
}
