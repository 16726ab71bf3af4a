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
  /** How many requests came for exactly this path below /ovirt-engine, such as `/api/vms`. */
  readonly count: (path: string) => number;
  /** The latest requests, oldest first. */
  readonly latest: () => readonly SeenRequest[];
  /** Counts from 0 again. */
  readonly reset: () => void;
  readonly note: (method: string, path: string, search: string, headers: IncomingHttpHeaders) => void;
}

/** How much is kept: how many requests whole, and how many paths with their counts. Further paths are not counted. */
export const REQUEST_LOG_LIMITS = { requests: 1_000, paths: 10_000 } as const;

const SECRET_HEADERS = new Set(['authorization', 'cookie']);

/** Starts at 0. */
export function createRequestLog(
  limits: { requests: number; paths: number } = REQUEST_LOG_LIMITS,
): RequestLog {
  const counts = new Map<string, number>();
  let remembered: SeenRequest[] = [];
  return {
    count: (path) => counts.get(path) ?? 0,
    latest: () => remembered.slice(-limits.requests),
    reset() {
      counts.clear();
      remembered = [];
    },
    note(method, path, search, headers) {
      if (counts.has(path) || counts.size < limits.paths) counts.set(path, (counts.get(path) ?? 0) + 1);
      const shown = Object.entries(headers).flatMap(([name, value]) =>
        value === undefined || SECRET_HEADERS.has(name) ? [] : [[name, String(value)] as const],
      );
      remembered.push({ method, path, search, headers: Object.fromEntries(shown) });
      if (remembered.length >= limits.requests * 2) remembered = remembered.slice(-limits.requests);
    },
  };
}
