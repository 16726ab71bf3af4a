import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import { isLoopback } from '../lib/address.js';
import { emptyAnswer, htmlAnswer, type Answer, type Ask } from './answer.js';
import { ENGINE_PATH } from './api-links.js';
import { CONTROL_PATH, createControl } from './control.js';
import { createEngine } from './engine.js';
import { createFaultSwitch, type Faults, type FaultSwitch } from './faults.js';
import { replacementAnswer } from './replacement-answer.js';
import { readRequestBody } from './request-body.js';
import { createRequestLog, type RequestLog } from './request-log.js';
import { sendAnswer } from './send-answer.js';
import { createSessions, type Sessions } from './sessions.js';
import type { World } from './world.js';

/** The account that a pretend engine knows unless it is told another. It guards nothing. */
export const SIMULATOR_ACCOUNT = { username: 'admin@internal', password: 'simulator' } as const;

/** Longest request line that is taken, in bytes: that of the web server in front of an engine (LimitRequestLine). */
export const MAX_URL_LENGTH = 8_190;

/** A pretend engine to start. */
export interface SimulatorOptions {
  readonly world: World;
  readonly log: Log;
  /** With its profile; default that of {@link SIMULATOR_ACCOUNT}. */
  readonly username?: string;
  /** Default that of {@link SIMULATOR_ACCOUNT}. */
  readonly password?: string;
  /** A loopback address; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /** Milliseconds without a request after which a session is gone; default 30 minutes, as on an engine. */
  readonly sessionIdleTimeout?: number;
  readonly clock?: { now(): number };
}

/** A pretend engine that runs. */
export interface Simulator {
  /** Where the engine is, such as `http://127.0.0.1:41234/ovirt-engine`. */
  readonly url: string;
  /** Where the control endpoint is, such as `http://127.0.0.1:41234/simulator`. */
  readonly controlUrl: string;
  readonly world: World;
  readonly faults: FaultSwitch;
  /** Requests for paths below /ovirt-engine. */
  readonly requests: RequestLog;
  readonly sessions: Pick<Sessions, 'size' | 'dropAll'>;
  /** Closes every connection at once. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a pretend engine over HTTP on loopback: single sign-on and REST API as a real engine has them, faults on demand,
 * and a control endpoint beside them.
 *
 * Rejects with a SchedulingError: INVALID_ARGUMENT for an address that isn't loopback, UNAVAILABLE when it can't listen.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { world, log, host = '127.0.0.1', port = 0, clock = Date } = options;
  if (!isLoopback(host)) {
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      `host: expected a loopback address, got ${JSON.stringify(host)}`,
    );
  }
  const sessions = createSessions({
    username: options.username ?? SIMULATOR_ACCOUNT.username,
    password: options.password ?? SIMULATOR_ACCOUNT.password,
    idleTimeout: options.sessionIdleTimeout ?? 30 * 60_000,
    clock,
  });
  const faults = createFaultSwitch();
  const requests = createRequestLog();
  const engine = createEngine(world, sessions, clock);
  const control = createControl(world, faults);
  const sockets = new Set<Socket>();
  let closed: Promise<unknown> | undefined;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '/';
    if (url.length > MAX_URL_LENGTH)
      return send(request, response, htmlAnswer(414, 'Request-URI Too Long'), {});
    const [path = '/', ...rest] = url.split('?');
    const search = rest.length === 0 ? '' : `?${rest.join('?')}`;
    if (path === CONTROL_PATH || path.startsWith(`${CONTROL_PATH}/`)) {
      const ask = await readAsk(request, path, search);
      return send(request, response, ask === undefined ? emptyAnswer(413) : control(ask), {});
    }
    if (path !== ENGINE_PATH && !path.startsWith(`${ENGINE_PATH}/`)) {
      return send(request, response, htmlAnswer(404, 'Not Found'), {});
    }
    return serveEngine(request, response, path.slice(ENGINE_PATH.length), search);
  }

  async function serveEngine(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    search: string,
  ): Promise<void> {
    requests.note(request.method ?? '', path, search, request.headers);
    const struck = faults.strike(path);
    if (struck.hang !== undefined) return;
    if (struck.reset !== undefined) return void request.socket.destroy();
    const ask = await readAsk(request, path, search);
    if (struck.latency !== undefined) {
      await setTimeout(struck.latency.ms, undefined, { signal: goneSignal(response) });
    }
    if (struck.expiredTokens !== undefined) sessions.dropAll();
    const answer = ask === undefined ? emptyAnswer(413) : (replacementAnswer(struck) ?? engine(ask, struck));
    return send(request, response, answer, struck);
  }

  async function send(
    request: IncomingMessage,
    response: ServerResponse,
    answer: Answer,
    struck: Faults,
  ): Promise<void> {
    await sendAnswer(request, response, answer, struck, goneSignal(response));
    log.debug('simulator request', { method: request.method, path: pathOf(request), status: answer.status });
  }

  function listener(request: IncomingMessage, response: ServerResponse): void {
    serve(request, response).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      log[response.destroyed || request.socket.destroyed ? 'debug' : 'error']('simulator request failed', {
        path: pathOf(request),
        reason,
      });
      request.socket.destroy();
    });
  }

  const server = createServer(listener);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SchedulingError('UNAVAILABLE', `the simulator can't listen: ${reason}; choose another port`, {
      cause,
    });
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no address');
  const name = host.includes(':') ? `[${host}]` : host;
  const origin = `http://${name}:${address.port}`;
  log.info('simulator listening', {
    url: `${origin}${ENGINE_PATH}`,
    hosts: world.hosts.size,
    vms: world.vms.size,
  });

  return {
    url: `${origin}${ENGINE_PATH}`,
    controlUrl: `${origin}${CONTROL_PATH}`,
    world,
    faults,
    requests,
    sessions,
    async close() {
      if (closed === undefined) {
        closed = once(server, 'close');
        server.close();
        for (const socket of sockets) socket.destroy();
      }
      await closed;
    },
  };
}

async function readAsk(request: IncomingMessage, path: string, search: string): Promise<Ask | undefined> {
  const body = await readRequestBody(request);
  if (body === undefined) return undefined;
  const { method = '', headers } = request;
  return { method, path, query: new URLSearchParams(search), headers, body };
}

/** Aborts when the connection is closed, by either side, before the answer is whole. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** What of a request's URL may be logged: a query may hold a password. */
function pathOf(request: IncomingMessage): string | undefined {
  return request.url?.split('?')[0];
}
