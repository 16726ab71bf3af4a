import got from 'got';
import { z } from 'zod';
import { formatDuration } from '../config/values.js';
import { SchedulingError } from '../domain/errors.js';
import type { XmlRpcValue } from '../engine-model/value.js';
import { linkAbort } from '../lib/deadline.js';
import { DRY_RUN_HEADER, RECORD_HEADER } from './request.js';
import { XmlRpcFault } from './xml-rpc/fault.js';
import { readResponse } from './xml-rpc/reader.js';
import { writeCall } from './xml-rpc/writer.js';

/** Longest body of an answer, in bytes: 10,000 rows for each of a dozen units. */
export const MAX_ANSWER_BYTES = 32 * 1024 ** 2;

/** A server to call, with its limits. */
export interface XmlRpcTarget {
  /** Such as `http://127.0.0.1:18781/`. */
  readonly url: string;
  /** Longest time from the call to the end of the answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** True for an answer that the server remembers all the same. Default: false. */
  readonly record?: boolean;
}

/**
 * Calls an XML-RPC method as a dry run, on a new connection, as the engine does; without retries, redirects or a proxy.
 * Rejects with the server's XmlRpcFault, or with a SchedulingError: UNAVAILABLE without an answer, DEADLINE_EXCEEDED for a
 * late one, INTERNAL for one that is not XML-RPC, CANCELLED when the signal aborts.
 */
export async function callXmlRpc(
  target: XmlRpcTarget,
  method: string,
  params: readonly XmlRpcValue[],
): Promise<XmlRpcValue> {
  const { url, signal } = target;
  if (signal.aborted) throw SchedulingError.from(signal.reason);
  const { fault, value } = responseOf(await post(target, writeCall(method, params)), url);
  if (fault !== undefined) throw fault;
  return value;
}

async function post(
  { url, timeoutMs, signal, record = false }: XmlRpcTarget,
  body: string,
): Promise<Uint8Array> {
  const own = linkAbort(signal);
  try {
    const request = got.post(url, {
      headers: {
        'content-type': 'text/xml',
        accept: 'text/xml',
        'user-agent': 'hostscore',
        [DRY_RUN_HEADER[0]]: DRY_RUN_HEADER[1],
        ...(record ? { [RECORD_HEADER[0]]: RECORD_HEADER[1] } : {}),
      },
      body,
      responseType: 'buffer',
      timeout: { request: timeoutMs },
      decompress: false,
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      signal: own.signal,
    });
    void request.on('downloadProgress', ({ transferred }) => {
      if (transferred > MAX_ANSWER_BYTES) own.abort(tooLong(url));
    });
    const { statusCode, rawBody } = await request;
    if (statusCode === 200) return rawBody;
    throw new SchedulingError(
      'UNAVAILABLE',
      `${url} answered with the HTTP status ${statusCode}, and not with 200`,
    );
  } catch (thrown) {
    if (thrown instanceof SchedulingError) throw thrown;
    if (own.signal.aborted) throw SchedulingError.from(own.signal.reason);
    throw callFailure(thrown, url, timeoutMs);
  } finally {
    own.unlink();
  }
}

function responseOf(body: Uint8Array, url: string): ReturnType<typeof readResponse> {
  try {
    return readResponse(body);
  } catch (error) {
    if (!(error instanceof XmlRpcFault)) throw error;
    throw new SchedulingError('INTERNAL', `the answer of ${url} is no XML-RPC: ${error.message}`);
  }
}

function tooLong(url: string): SchedulingError {
  return new SchedulingError(
    'INTERNAL',
    `the answer of ${url} has more than ${MAX_ANSWER_BYTES} bytes, the limit of this client`,
  );
}

/** Common fields of got's and Node's errors. Nothing else of them is read or kept: they hold the request. */
const THROWN = z.object({ name: z.string().catch(''), code: z.string().catch('no code') });

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections: nothing listens there; is it running, is the URL right?',
  ECONNRESET:
    'closed the connection before its answer was whole; is the URL right, and does it speak XML-RPC?',
  ENOTFOUND: 'has a name that is unknown; is the URL right?',
  EAI_AGAIN: 'has a name for which DNS does not answer',
  EHOSTUNREACH: 'is out of reach: there is no route to it',
  ENETUNREACH: 'is out of reach: there is no route to it',
  EPROTO: 'does not speak TLS; is the scheme of the URL right?',
  ERR_INVALID_URL: 'is no URL; one looks like http://127.0.0.1:18781/',
};

/** Converts an error of the HTTP client into one with a remedy. */
function callFailure(thrown: unknown, url: string, timeoutMs: number): SchedulingError {
  const { name, code } = THROWN.catch({ name: '', code: 'no code' }).parse(thrown);
  if (name === 'TimeoutError' || code === 'ETIMEDOUT') {
    return new SchedulingError(
      'DEADLINE_EXCEEDED',
      `${url} did not answer within ${formatDuration(timeoutMs)}`,
    );
  }
  if (code.startsWith('HPE_')) {
    return new SchedulingError('INTERNAL', `${url} does not speak HTTP (${code}); is the URL right?`);
  }
  const reason = REASONS[code];
  return new SchedulingError(
    'UNAVAILABLE',
    reason === undefined ? `the connection to ${url} failed (${code})` : `${url} ${reason} (${code})`,
  );
}
