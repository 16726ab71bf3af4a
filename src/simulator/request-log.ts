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

/** Requests of one kind, and how many bytes went out for them: heads and bodies, as they were sent. */
export interface Traffic {
  readonly requests: number;
  readonly bytes: number;
}

/** Counts requests by path, so that a test can say "one listing, however many callers". */
export interface RequestLog {
  /** Returns how many requests came for exactly this path below /ovirt-engine, such as `/api/vms`. */
  readonly count: (path: string) => number;
  /** Returns the latest requests, oldest first. */
  readonly latest: () => readonly SeenRequest[];
  /** Returns what was asked and answered, by paths with `ID` in the place of each id, such as `/api/vms/ID`. */
  readonly traffic: () => ReadonlyMap<string, Traffic>;
  /** Counts from 0 again. */
  readonly reset: () => void;
  readonly note: (method: string, path: string, search: string, headers: IncomingHttpHeaders) => void;
  /** Counts what was sent in answer to a request for this path. */
  readonly noteSent: (path: string, bytes: number) => void;
}

/** Number of requests kept whole: enough for a test to look back on, and small beside the world. */
export const MAX_KEPT_REQUESTS = 1_000;

/** Number of paths counted, and of kinds of paths; further ones are not. More than a test asks for, and an end for a simulator that runs for weeks. */
export const MAX_COUNTED_PATHS = 10_000;

const IDS = /\/(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+)(?=\/|$)/gi;
const SECRET_HEADERS = new Set(['authorization', 'cookie']);

/** Starts at 0. */
export function createRequestLog(): RequestLog {
  const counts = new Map<string, number>();
  const traffic = new Map<string, Traffic>();
  let remembered: SeenRequest[] = [];

  function addTraffic(path: string, requests: number, bytes: number): void {
    const kind = path.replace(IDS, '/ID');
    const before = traffic.get(kind);
    if (before === undefined && traffic.size >= MAX_COUNTED_PATHS) return;
    traffic.set(kind, {
      requests: (before?.requests ?? 0) + requests,
      bytes: (before?.bytes ?? 0) + bytes,
    });
  }

  return {
    count: (path) => counts.get(path) ?? 0,
    latest: () => remembered.slice(-MAX_KEPT_REQUESTS),
    traffic: () => new Map(traffic),
    reset() {
      counts.clear();
      traffic.clear();
      remembered = [];
    },
    noteSent: (path, bytes) => addTraffic(path, 0, bytes),
    note(method, path, search, headers) {
      addTraffic(path, 1, 0);
      if (counts.has(path) || counts.size < MAX_COUNTED_PATHS) counts.set(path, (counts.get(path) ?? 0) + 1);
      const shown = Object.entries(headers).flatMap(([name, value]) =>
        value === undefined || SECRET_HEADERS.has(name) ? [] : [[name, String(value)] as const],
      );
      remembered.push({ method, path, search, headers: Object.fromEntries(shown) });
      if (remembered.length >= MAX_KEPT_REQUESTS * 2) remembered = remembered.slice(-MAX_KEPT_REQUESTS);
    },
  };
}
