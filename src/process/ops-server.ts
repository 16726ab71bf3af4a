import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Address } from '../lib/address.js';
import { nodeAfter, type After } from '../lib/timers.js';
import { listenOn, type Listening } from './listen.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';

/** Readiness to answer calls; when not ready, the reason; when ready, what is wrong all the same. */
export type Readiness =
  | { readonly ready: true; readonly problem?: string | undefined }
  | { readonly ready: false; readonly reason: string };

/** Options of the ops server. */
export interface OpsServerOptions {
  readonly listen: Address;
  readonly readiness: () => Readiness;
  readonly metrics: Pick<Metrics, 'contentType' | 'scrape'>;
  readonly log: Log;
  /** Node's own timer by default. */
  readonly after?: After;
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

/** Most open connections: probes and scrapers come one at a time. Beyond, the oldest is closed. */
export const MAX_OPS_CONNECTIONS = 64;

/** Time from the opening of a connection to the end of its one request and answer, in milliseconds; Prometheus waits as long. */
export const OPS_CONNECTION_MS = 10_000;

/**
 * Serves `/livez` (200 while the process runs), `/readyz` (200, or 503 with the reason) and `/metrics` over HTTP, one
 * request a connection. Rejects with UNAVAILABLE when the address can't be bound.
 */
export async function startOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const { listen, readiness, metrics, log, after = nodeAfter } = options;
  /** The oldest first. */
  const connections = new Set<Socket>();

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
    if (!state.ready) return { status: 503, body: `${state.reason}\n` };
    return { status: 200, body: state.problem === undefined ? 'ok\n' : `ok, but ${state.problem}\n` };
  }

  const server = createServer((request, response) => {
    answer(request)
      .catch((): Answer => ({ status: 500, body: 'internal error\n' }))
      .then((reply) => send(response, reply))
      .catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    const stopTimer = after(OPS_CONNECTION_MS, () => socket.destroy());
    connections.add(socket);
    socket.once('close', () => {
      stopTimer();
      connections.delete(socket);
    });
    if (connections.size <= MAX_OPS_CONNECTIONS) return;
    const [oldest = socket] = connections;
    connections.delete(oldest);
    oldest.destroy();
    log.warn('too many ops connections', { maxConnections: MAX_OPS_CONNECTIONS }, '');
  });

  const listening = await listenOn(server, listen);
  server.on('error', ({ code }: NodeJS.ErrnoException) =>
    log.error('ops connection not accepted', { code }, String(code)),
  );
  return {
    ...listening,
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
    Connection: 'close',
    ...headers,
  });
  response.end(body);
}
