import type { IncomingHttpHeaders } from 'node:http';
import { prettyJson, type JsonObject } from './json.js';

/** A request, as far as the engine looks at it. */
export interface Ask {
  readonly method: string;
  /** Below /ovirt-engine, without the query, such as `/api/vms`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Text of the body; empty when there is none. */
  readonly body: string;
}

/** An answer: status, headers and, unless it is empty, as a 404 for an unknown id is, a body at once or piece by piece. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | AsyncIterable<string>;
}

/** Returns the media type of a request's body, in lower case and without parameters; undefined when none is given. */
export function mediaTypeOf({ headers }: Ask): string | undefined {
  return headers['content-type']?.split(';')[0]?.trim().toLowerCase();
}

/** Returns a JSON answer. */
export function jsonAnswer(value: JsonObject, status = 200): Answer {
  return jsonTextAnswer(prettyJson(value), status);
}

/** Returns a JSON answer whose text is made elsewhere. */
export function jsonTextAnswer(body: string | AsyncIterable<string>, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body };
}

/** Returns the engine's own error: a bare object with a reason and a detail. */
export function faultAnswer(status: number, detail: string): Answer {
  return jsonAnswer({ detail, reason: 'Operation Failed' }, status);
}

/** Returns an error page of the web server or the container, not of the engine: HTML. */
export function htmlAnswer(
  status: number,
  title: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body = `<html><head><title>${title}</title></head><body>${title}</body></html>\n`;
  return { status, headers: { 'content-type': 'text/html;charset=UTF-8', ...headers }, body };
}
