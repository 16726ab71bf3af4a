import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { constants, createGzip } from 'node:zlib';
import { SchedulingError } from '../domain/errors.js';
import { formatAddress, isLoopback } from '../lib/address.js';
import { reasonOf } from '../lib/text.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import { listenOn } from '../process/listen.js';
import type { Log } from '../process/log.js';
import { htmlAnswer, type Answer, type Ask } from './answer.js';
import { createChurn, type Churn } from './churn.js';
import { CONTROL_PATH, createControl } from './control.js';
import {
  createFaultSwitch,
  cutBody,
  dripBody,
  replacementAnswer,
  type Faults,
  type FaultSwitch,
} from './faults.js';
import { ENGINE_PATH } from './json.js';
import { createRequestLog, type RequestLog } from './request-log.js';
import { createRestApi } from './rest-api.js';
import { createSessions, createSso, type Sessions, type SessionsOptions } from './sso.js';
import type { World } from './world.js';

/** The account that a pretend engine knows unless it is told another. It guards nothing. */
export const SIMULATOR_ACCOUNT = { username: 'admin@internal', password: 'simulator' } as const;

/** Longest request line that is taken, in bytes: that of the web server in front of an engine (LimitRequestLine). */
const MAX_URL_LENGTH = 8_190;

/** Largest request body that is read, in bytes: no client sends more than a login. */
const MAX_REQUEST_BODY = 65_536;

/** A pretend engine to start; its account is that of {@link SIMULATOR_ACCOUNT} unless said otherwise. */
export interface SimulatorOptions extends Partial<SessionsOptions> {
  readonly world: World;
  readonly log: Log;
  /** A loopback address; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  readonly after?: After;
}

/** A pretend engine that runs. */
export interface Simulator {
  /** URL of the engine, such as `http://127.0.0.1:41234/ovirt-engine`. */
  readonly url: string;
  /** URL of the control endpoint, such as `http://127.0.0.1:41234/simulator`. */
  readonly controlUrl: string;
  readonly world: World;
  readonly faults: FaultSwitch;
  readonly churn: Churn;
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
  const { world, log, host = '127.0.0.1', port = 0, clock = Date, after = nodeAfter } = options;
  if (!isLoopback(host)) {
    const message = `host: expected a loopback address, got ${JSON.stringify(host)}`;
    throw new SchedulingError('INVALID_ARGUMENT', message);
  }
  const sessions = createSessions({ ...SIMULATOR_ACCOUNT, ...options, clock });
  const faults = createFaultSwitch();
  world.events.spoilBy(faults.strikeEvent);
  const requests = createRequestLog();
  const engine = createEngine(world, sessions, clock);
  const churn = createChurn(world, clock, after);
  const control = createControl({ world, sessions, faults, churn, requests });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = goneSignal(response);
    const { url = '/', method = '', headers } = request;
    const path = pathOf(request);
    const search = url.slice(path.length);

    async function send(answer: Answer, struck: Faults = {}): Promise<void> {
      await sendAnswer(request, response, answer, struck, gone);
      log.debug('simulator request', { method, path, status: answer.status });
    }

    if (url.length > MAX_URL_LENGTH) return send(htmlAnswer(414, 'Request-URI Too Long'));
    if (isAtOrBelow(CONTROL_PATH, path)) {
      const ask = await readAsk(request, path, search);
      return send(ask === undefined ? { status: 413 } : control(ask));
    }
    if (!isAtOrBelow(ENGINE_PATH, path)) return send(htmlAnswer(404, 'Not Found'));
    const enginePath = path.slice(ENGINE_PATH.length);
    requests.note(method, enginePath, search, headers);
    const { socket } = request;
    const sentBefore = socket.bytesWritten;
    response.once('close', () => requests.noteSent(enginePath, socket.bytesWritten - sentBefore));
    const struck = faults.strike(enginePath);
    if (struck.hang !== undefined) return;
    if (struck.reset !== undefined) return void request.socket.destroy();
    const ask = await readAsk(request, enginePath, search);
    if (struck.latency !== undefined) await setTimeout(struck.latency.ms, undefined, { signal: gone });
    if (struck.expiredTokens !== undefined) sessions.dropAll();
    if (ask === undefined) return send({ status: 413 }, struck);
    return send(replacementAnswer(struck) ?? engine(ask, struck), struck);
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      const level = response.destroyed || request.socket.destroyed ? 'debug' : 'error';
      log[level]('simulator request failed', { path: pathOf(request), reason: reasonOf(error) });
      request.socket.destroy();
    });
  });
  const listening = await listenOn(server, { host, port });
  const origin = `http://${formatAddress({ host, port: listening.port })}`;
  const [url, controlUrl] = [`${origin}${ENGINE_PATH}`, `${origin}${CONTROL_PATH}`];
  log.info('simulator listening', { url, hosts: world.hosts.size, vms: world.vms.size });
  let closed: Promise<unknown> | undefined;

  return {
    url,
    controlUrl,
    world,
    faults,
    churn,
    requests,
    sessions,
    async close() {
      if (closed === undefined) {
        churn.stop();
        closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
      }
      await closed;
    },
  };
}

/** Creates the engine's single sign-on and REST API over a world: what answers below /ovirt-engine. */
function createEngine(world: World, sessions: Sessions, clock: Clock): (ask: Ask, faults: Faults) => Answer {
  const sso = createSso(sessions, clock);
  const api = createRestApi(world, sessions);
  return (ask, faults) => {
    if (ask.path === '/sso/oauth/token') return sso.token(ask);
    if (ask.path === '/services/sso-logout') return sso.logout(ask);
    if (!isAtOrBelow('/api', ask.path)) return htmlAnswer(404, 'Not Found');
    const answer = api(ask, faults);
    return { ...answer, headers: { 'correlation-id': correlationId(ask), ...answer.headers } };
  };
}

/** Returns the caller's own id as far as its characters are allowed, cut to 36 of them, else a new one. */
function correlationId({ headers, query }: Ask): string {
  const given = String(headers['correlation-id'] ?? query.get('correlation_id') ?? '');
  return given.replace(/[^0-9a-zA-Z_-]/g, '').slice(0, 36) || randomUUID();
}

function isAtOrBelow(place: string, path: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

/** Returns what of a request's URL may be logged: a query may hold a password. */
function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? url;
}

/** Reads a request whole; undefined when its body is larger than {@link MAX_REQUEST_BODY}. */
async function readAsk(request: IncomingMessage, path: string, search: string): Promise<Ask | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<unknown>) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.length;
    if (size <= MAX_REQUEST_BODY) chunks.push(chunk);
  }
  if (size > MAX_REQUEST_BODY) return undefined;
  const { method = '', headers } = request;
  const body = Buffer.concat(chunks).toString('utf8');
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

/** Sends an answer, gzipped when the request accepts that, and spoilt by the faults. Rejects when it can't be sent whole. */
async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body }: Answer,
  { cut, drip }: Faults,
  signal: AbortSignal,
): Promise<void> {
  const zipped = body !== undefined && acceptsGzip(request) && headers['content-type'] !== undefined;
  const encoding = zipped ? { 'content-encoding': 'gzip', vary: 'Accept-Encoding' } : {};
  response.writeHead(status, { ...headers, ...encoding });
  if (body === undefined) {
    response.end();
    return;
  }
  const whole = bytesOf(body);
  const stages = [
    // The fastest level: this engine must not be slower than the client that it tries.
    zipped ? createGzip({ level: constants.Z_BEST_SPEED }) : undefined,
    cut && cut.how !== 'end' ? Duplex.from(cutBody(cut, signal)) : undefined,
    drip && Duplex.from(dripBody(drip, signal)),
  ].filter((stage) => stage !== undefined);
  const source = Readable.from(cut?.how === 'end' ? cutBody(cut, signal)(whole) : whole);
  await pipeline([source, ...stages, response], { signal });
}

async function* bytesOf(body: string | AsyncIterable<string>): AsyncGenerator<Buffer> {
  if (typeof body === 'string') yield Buffer.from(body);
  else for await (const text of body) yield Buffer.from(text);
}

function acceptsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/i.test(request.headers['accept-encoding'] ?? '');
}
