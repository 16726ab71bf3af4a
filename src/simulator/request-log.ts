import type { IncomingHttpHeaders } from 'node:http';

/** A request that reached the pretend engine, without the headers that carry secrets. */
export interface SeenRequest {
  readonly method: string;
  /** Below /ovirt-engine, without the query, such as `/api/vms`. */
  readonly path: string;
  /** With its question mark; empty when there is none. */
  readonly search: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Counts requests by path, so that a test can say "one listing, however many callers". */
export interface RequestLog {
  /** Returns how many requests came for exactly this path below /ovirt-engine, such as `/api/vms`. */
  readonly count: (path: string) => number;
  /** Returns the latest requests, oldest first. */
  readonly latest: () => readonly SeenRequest[];
  /** Counts from 0 again. */
  readonly reset: () => void;
  readonly note: (method: string, path: string, search: string, headers: IncomingHttpHeaders) => void;
}

/** Number of requests kept whole: enough for a test to look back on, and small beside the world. */
export const MAX_KEPT_REQUESTS = 1_000;

/** Number of paths counted; further ones are not. More than a test asks for, and an end for a simulator that runs for weeks. */
export const MAX_COUNTED_PATHS = 10_000;

const SECRET_HEADERS = new Set(['authorization', 'cookie']);

/** Starts at 0. */
export function createRequestLog(): RequestLog {
  const counts = new Map<string, number>();
  let remembered: SeenRequest[] = [];
  return {
    count: (path) => counts.get(path) ?? 0,
    latest: () => remembered.slice(-MAX_KEPT_REQUESTS),
    reset() {
      counts.clear();
      remembered = [];
    },
    note(method, path, search, headers) {
      if (counts.has(path) || counts.size < MAX_COUNTED_PATHS) counts.set(path, (counts.get(path) ?? 0) + 1);
      const shown = Object.entries(headers).flatMap(([name, value]) =>
        value === undefined || SECRET_HEADERS.has(name) ? [] : [[name, String(value)] as const],
      );
      remembered.push({ method, path, search, headers: Object.fromEntries(shown) });
      if (remembered.length >= MAX_KEPT_REQUESTS * 2) remembered = remembered.slice(-MAX_KEPT_REQUESTS);
    },
  };
}
