import type { IncomingMessage } from 'node:http';

/** An answer to a request that is no call: a status, and one line that says what is served. */
export interface HttpRefusal {
  readonly status: 403 | 404 | 405 | 413 | 415;
  readonly line: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is looked at of a request. */
export type RequestHead = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

/** Where calls are taken: the engine's default, and what is customary. */
const PATHS = new Set(['/', '/RPC2']);

const CONTENT_TYPES = new Set(['text/xml', 'application/xml']);

/** Says why a request can't be a call, by its head alone; undefined when it may be one. */
export function refusalOf(
  { method, url = '/', headers }: RequestHead,
  maxBodyBytes: number,
): HttpRefusal | undefined {
  if (!PATHS.has(url.split('?', 1)[0] ?? '')) {
    return { status: 404, line: 'XML-RPC is served at / and at /RPC2' };
  }
  if (method !== 'POST') {
    return { status: 405, line: 'XML-RPC is served: only POST is taken', headers: { Allow: 'POST' } };
  }
  // Only a browser sends it, on behalf of some page, which may have got here by rebinding its name in DNS.
  if (headers.origin !== undefined) return { status: 403, line: 'calls from browsers are not taken' };
  return mediaRefusal(headers) ?? sizeRefusal(headers, maxBodyBytes);
}

/** The refusal of a body that is too long. */
export function tooLong(maxBodyBytes: number): HttpRefusal {
  return { status: 413, line: `the body has more than ${maxBodyBytes} bytes, the limit of this service` };
}

function mediaRefusal(headers: RequestHead['headers']): HttpRefusal | undefined {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim());
  if (!CONTENT_TYPES.has(type.toLowerCase())) {
    return { status: 415, line: 'the Content-Type of a call is text/xml or application/xml' };
  }
  for (const parameter of parameters) {
    const charset = /^charset\s*=\s*"?([^"]*)"?$/i.exec(parameter)?.[1];
    if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
      return { status: 415, line: 'the only charset that is read is utf-8' };
    }
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() === 'identity') return undefined;
  return {
    status: 415,
    line: 'the only Content-Encoding that is read is identity',
    headers: { 'Accept-Encoding': 'identity' },
  };
}

function sizeRefusal(headers: RequestHead['headers'], maxBodyBytes: number): HttpRefusal | undefined {
  return Number(headers['content-length'] ?? 0) > maxBodyBytes ? tooLong(maxBodyBytes) : undefined;
}
