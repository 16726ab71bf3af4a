import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Address } from '../lib/address.js';
import { listenOn, type Listening } from './listen.js';
import type { Metrics } from './metrics.js';

/** Readiness to answer calls; when not ready, the reason. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** Options of the ops server. */
export interface OpsServerOptions {
  readonly listen: Address;
  readonly readiness: () => Readiness;
  readonly metrics: Pick<Metrics, 'contentType' | 'scrape'>;
}

/** A running ops server. */
export interface OpsServer extends Listening {
  readonly close: () => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Longest time in which a client has to send its request. */
const REQUEST_TIMEOUT_MS = 5000;

/**
 * Serves `/livez` (200 while the process runs), `/readyz` (200, or 503 with the reason) and `/metrics` over HTTP. Rejects
 * with UNAVAILABLE when the address can't be bound.
 */
export async function startOpsServer({ listen, readiness, metrics }: OpsServerOptions): Promise<OpsServer> {
  async function answer(request: IncomingMessage): Promise<Answer> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, body: 'only GET is served\n', headers: { Allow: 'GET, HEAD' } };
    }
    const path = (request.url ?? '/').split('?')[0];
    if (path === '/livez') return { status: 200, body: 'ok\n' };
    if (path === '/metrics') {
      return { status: 200, body: await metrics.scrape(), headers: { 'Content-Type': metrics.contentType } };
    }
    if (path !== '/readyz') return { status: 404, body: 'served are /livez, /readyz and /metrics\n' };
    const state = readiness();
    return state.ready ? { status: 200, body: 'ok\n' } : { status: 503, body: `${state.reason}\n` };
  }

  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(request)
      .catch((): Answer => ({ status: 500, body: 'internal error\n' }))
      .then((reply) => send(response, reply))
      .catch(() => response.destroy());
  });
  return {
    ...(await listenOn(server, listen)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    ...headers,
  });
  response.end(body);
}
