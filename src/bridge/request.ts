import type { IncomingMessage } from 'node:http';
import type { TraceHeaders } from '../domain/trace.js';
import type { XmlRpcValue } from '../engine-model/value.js';
import { quoted } from '../lib/text.js';
import type { BridgeOutcome } from '../process/call-metrics.js';
import { isReadEncoding } from './xml-rpc/reader.js';
import type { WritableValue } from './xml-rpc/writer.js';

/** Longest body of a request, in bytes: three times that of a call with 10,000 hosts. */
export const MAX_BODY_BYTES = 2 * 1024 ** 2;

/** Name and value of the header that requests a dry run; 0 requests none. */
export const DRY_RUN_HEADER = ['x-hostscore-dry-run', '1'] as const;

/** Name and value of the header that has a dry run remembered all the same; 0 has none. */
export const RECORD_HEADER = ['x-hostscore-record', '1'] as const;

/** The context of a received request. */
export interface ReceivedRequest {
  /** Aborts when the caller disconnects. */
  readonly signal: AbortSignal;
  /** Arrival of the request's head, in milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly dryRun: boolean;
  /** True for an answer that is remembered also in a dry run. False by default. */
  readonly record?: boolean;
  /** Its head, which may name the span of its caller. */
  readonly headers?: TraceHeaders;
}

/** The outcome of an answered call. */
export interface Dispatched {
  readonly value: WritableValue;
  readonly outcome: BridgeOutcome;
  /**
   * Called once the answer is on its way. Returns the function to call when its caller has fetched it, which may take long and
   * so holds little. Neither may throw.
   */
  readonly afterAnswer?: (() => (() => void) | undefined) | undefined;
}

/** Called for each call. May throw anything: an XmlRpcFault is sent as it is, a SchedulingError with its message. */
export type Dispatch = (
  method: string,
  params: readonly XmlRpcValue[],
  request: ReceivedRequest,
) => Promise<Dispatched>;

/** The end of a request. */
export interface RequestEnd {
  /** As the caller wrote it, unvalidated; absent when the request was not read that far. */
  readonly method: string | undefined;
  /** HTTP status; absent when the caller disconnected before the answer. */
  readonly status: number | undefined;
  /** Set when the answer was a fault. */
  readonly faultCode: number | undefined;
  /** Outcome of the call, `failed` if its caller disconnected; absent for a refused or aborted request. */
  readonly outcome: BridgeOutcome | undefined;
  /** Reason why the request was not dispatched: refused, invalid, over the limit, or aborted. Absent when it was. */
  readonly refusal: string | undefined;
  /** From the end of the request's head to the last byte of the answer. */
  readonly durationMs: number;
  /** Bytes of the body. */
  readonly receivedBytes: number;
}

/** The response to a request that can't be a call. */
export interface Refusal {
  readonly status: 400 | 403 | 404 | 405 | 413 | 415;
  readonly line: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The paths that take calls: the engine's default, and the customary one. */
const PATHS: ReadonlySet<string> = new Set(['/', '/RPC2']);

const CONTENT_TYPES: ReadonlySet<string> = new Set(['text/xml', 'application/xml']);

/** The refusal of a body over the limit. */
export const TOO_LONG: Refusal = {
  status: 413,
  line: `the body has more than ${MAX_BODY_BYTES} bytes, the limit of this service`,
};

/** Headers that are switches, with the words for what they take. */
const SWITCHES = [
  [DRY_RUN_HEADER, 'X-Hostscore-Dry-Run: expected 1 for a dry run, 0 for none'],
  [
    RECORD_HEADER,
    'X-Hostscore-Record: expected 1 to have the answer remembered, 0 for a call like any other',
  ],
] as const;

/** Returns the refusal of a request whose head shows that it can't be a call, else undefined. */
export function refusalOf({ method, url = '/', headers }: IncomingMessage): Refusal | undefined {
  // The absolute form, http://HOST/RPC2, is what clients send that believe in a proxy (RFC 9112, 3.2.2).
  const [path = ''] = url.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1);
  if (!PATHS.has(path === '' ? '/' : path)) {
    return { status: 404, line: 'XML-RPC is served at / and at /RPC2' };
  }
  if (method !== 'POST') {
    return { status: 405, line: 'XML-RPC is served: only POST is taken', headers: { Allow: 'POST' } };
  }
  // Only browsers send it, for a page that may have got here by DNS rebinding.
  if (headers.origin !== undefined) return { status: 403, line: 'calls from browsers are not taken' };
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim());
  if (!CONTENT_TYPES.has(type.toLowerCase())) {
    return { status: 415, line: 'the Content-Type of a call is text/xml or application/xml' };
  }
  const charsets = parameters.flatMap((part) => /^charset\s*=\s*"?([^"]*)"?$/i.exec(part)?.[1] ?? []);
  if (charsets.some((charset) => !isReadEncoding(charset))) {
    return {
      status: 415,
      line: 'the charsets that are read are utf-8, us-ascii, iso-8859-1 and windows-1252',
    };
  }
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    return {
      status: 415,
      line: 'the only Content-Encoding that is read is identity',
      headers: { 'Accept-Encoding': 'identity' },
    };
  }
  for (const [header, expected] of SWITCHES) {
    const value = headers[header[0]] ?? '0';
    if (value !== header[1] && value !== '0')
      return { status: 400, line: `${expected}, got ${quoted(String(value))}` };
  }
  return Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES ? TOO_LONG : undefined;
}
