import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { SchedulingError } from '../domain/errors.js';
import { isLoopback, type Address } from '../lib/address.js';
import { nodeAfter, type After } from '../lib/timers.js';
import { listenOn, type Listening } from './listen.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { Authorize } from './tokens.js';

/** Readiness to answer calls; when not ready, the reason; when ready, what is wrong all the same. */
export type Readiness =
  | { readonly ready: true; readonly problem?: string | undefined }
  | { readonly ready: false; readonly reason: string };

/** Options of the ops server. */
export interface OpsServerOptions {
  readonly listen: Address;
  /** Returns the TLS options for a connection, the same object while they are the same. Must not throw. Plain text by default. */
  readonly tls?: (() => TlsOptions) | undefined;
  readonly readiness: () => Readiness;
  readonly metrics: Pick<Metrics, 'contentType' | 'scrape'>;
  /** Returns the configuration of the moment, without secrets. */
  readonly configuration: () => object;
  /** Checks the token of each request but those of probes; requests need none by default. */
  readonly authorize?: Authorize | undefined;
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

/** Pages that need a token where calls do: probes have none to send. */
export const PAGES_WITH_TOKEN: readonly string[] = ['/metrics', '/config'];

/** Time from the opening of a connection to the end of its one request and answer, in milliseconds; Prometheus waits as long. */
export const OPS_CONNECTION_MS = 10_000;

/**
 * Serves `/livez` (200 while the process runs), `/readyz` (200, or 503 with the reason), `/metrics` and `/config` over HTTP or
 * HTTPS, one request a connection. Rejects with UNAVAILABLE when the address can't be bound.
 */
export async function startOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const { listen, tls, readiness, metrics, configuration, authorize, log, after = nodeAfter } = options;
  /** The oldest first. */
  const connections = new Set<Socket>();

  async function answer(request: IncomingMessage): Promise<Answer> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, body: 'only GET is served\n', headers: { Allow: 'GET, HEAD' } };
    }
    const [path = ''] = (request.url ?? '/').split('?');
    if (path === '/livez') return { status: 200, body: 'ok\n' };
    const refusal = PAGES_WITH_TOKEN.includes(path) ? refusalOf(request, path) : undefined;
    if (refusal !== undefined) return refusal;
    if (path === '/metrics') {
      return { status: 200, body: await metrics.scrape(), headers: { 'Content-Type': metrics.contentType } };
    }
    if (path === '/config') {
      const body = `${JSON.stringify(configuration(), undefined, 2)}\n`;
      return { status: 200, body, headers: { 'Content-Type': 'application/json' } };
    }
    if (path !== '/readyz')
      return { status: 404, body: 'served are /livez, /readyz, /metrics and /config\n' };
    const state = readiness();
    if (!state.ready) return { status: 503, body: `${state.reason}\n` };
    return { status: 200, body: state.problem === undefined ? 'ok\n' : `ok, but ${state.problem}\n` };
  }

  /** Returns the answer to a request whose token does not allow a page; undefined for one that does. */
  function refusalOf({ headers, socket }: IncomingMessage, path: string): Answer | undefined {
    const { remoteAddress: peer = '' } = socket;
    try {
      const isPrivate = tls !== undefined || isLoopback(peer);
      authorize?.({ authorization: headers.authorization, isPrivate }, path);
      return undefined;
    } catch (error) {
      const { code, message } = SchedulingError.from(error);
      log.info('page refused', { path, peer, code, reason: message }, `${path} ${code}`);
      if (code === 'PERMISSION_DENIED') return { status: 403, body: `${message}\n` };
      return { status: 401, body: `${message}\n`, headers: { 'WWW-Authenticate': 'Bearer' } };
    }
  }

  const server = createListener(tls, (request, response) => {
    answer(request)
      .catch((): Answer => ({ status: 500, body: 'internal error\n' }))
      .then((reply) => send(response, reply))
      .catch(() => response.destroy());
  });
  // Further ones, which may be pipelined, get 503 before anything is made for them.
  server.maxRequestsPerSocket = 1;
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
        for (const socket of connections) socket.destroy();
      }),
  };
}

function createListener(tls: OpsServerOptions['tls'], listener: RequestListener): Server {
  if (tls === undefined) return createServer(listener);
  let options = tls();
  const server = createTlsServer(options, listener);
  server.prependListener('connection', () => {
    const now = tls();
    if (now !== options) server.setSecureContext(now);
    options = now;
  });
  return server;
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
