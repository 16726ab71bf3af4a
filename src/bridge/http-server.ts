import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../process/log.js';
import { startExchange, type Dispatch, type Exchange, type RequestEnd } from './http-exchange.js';
import { HTTP_LIMITS, type HttpLimits } from './http-limits.js';
import { listenOn } from '../process/listen.js';
import { FAULT_CODES, XmlRpcFault } from './xml-rpc/fault.js';
import type { XmlRpcLimits } from './xml-rpc/limits.js';

/** What is served, and where. */
export interface XmlRpcServerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly dispatch: Dispatch;
  /** Limits that are not given are those of HTTP_LIMITS and XML_RPC_LIMITS. */
  readonly limits?: Partial<HttpLimits & XmlRpcLimits>;
  readonly log: Log;
  /** ms since the epoch; the system's clock by default. */
  readonly clock?: { now(): number };
  /** Milliseconds since whenever, by a clock that nobody sets; that of Node by default. */
  readonly steadyClock?: { now(): number };
  /** Told of each request when its answer is sent, or when nobody waits for one any more. */
  readonly onRequestEnd?: (end: RequestEnd) => void;
}

/** A running server. */
export interface XmlRpcServer {
  /** The address really bound, as `host:port`. */
  readonly address: string;
  readonly port: number;
  /** Takes no further connection, waits that many ms for requests that are under way, and cuts the rest. */
  readonly close: (graceMs: number) => Promise<void>;
}

/** How often Node looks for clients that are too slow, in ms, unless a limit is shorter. */
const LONGEST_CHECK_MS = 1_000;

/**
 * Serves XML-RPC over HTTP/1.1 on POST `/` and `/RPC2`; a body is parsed while it arrives. Rejects with UNAVAILABLE when
 * the address can't be bound.
 */
export async function startXmlRpcServer(options: XmlRpcServerOptions): Promise<XmlRpcServer> {
  const { listen, dispatch, log, clock = Date, steadyClock = performance, onRequestEnd } = options;
  const limits = { ...HTTP_LIMITS, ...options.limits };
  /** The requests under way on each open connection: pipelined, there may be many. */
  const connections = new Map<Socket, Set<Exchange>>();
  let underWay = 0;
  let closing: Promise<void> | undefined;

  function exchange(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const { socket } = request;
    underWay += 1;
    const started = startExchange(request, response, {
      ...{ limits, dispatch, log, clock, steadyClock, expectsContinue },
      overload: underWay > limits.maxConcurrentRequests ? overload(limits) : undefined,
      lastOfConnection: () => closing !== undefined,
      onEnd(end) {
        underWay -= 1;
        connections.get(socket)?.delete(started);
        if (closing !== undefined && connections.get(socket)?.size === 0) socket.destroySoon();
        onRequestEnd?.(end);
      },
    });
    connections.get(socket)?.add(started);
  }

  const server = createServer({
    noDelay: true,
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: Math.min(LONGEST_CHECK_MS, limits.headersTimeoutMs, limits.requestTimeoutMs),
  });
  server.maxConnections = limits.maxConnections;
  server.on('connection', (socket: Socket) => {
    connections.set(socket, new Set());
    socket.once('close', () => {
      const open = connections.get(socket) ?? [];
      connections.delete(socket);
      for (const { abandon } of open) abandon();
    });
  });
  server.on('request', (request, response) => exchange(request, response, false));
  server.on('checkContinue', (request, response) => exchange(request, response, true));
  server.on('drop', () => log.warn('connection dropped', { maxConnections: limits.maxConnections }));

  async function close(graceMs: number): Promise<void> {
    const stopped = new Promise<void>((resolve) => void server.close(() => resolve()));
    // A server may be closed before its sockets have told so, and with it who waits for their signals.
    const told = [...connections.keys()].map(
      (socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve())),
    );
    for (const [socket, open] of connections) if (open.size === 0) socket.destroy();
    const grace = setTimeout(() => {
      log.warn('requests cut', { requests: underWay, afterMs: graceMs });
      for (const socket of connections.keys()) socket.destroy();
    }, graceMs);
    await Promise.all([stopped, ...told]);
    clearTimeout(grace);
  }

  const { address, port } = await listenOn(server, { ...listen, backlog: limits.backlog });
  server.on('error', (error: NodeJS.ErrnoException) => log.error('accept failed', { code: error.code }));
  return { address, port, close: (graceMs) => (closing ??= close(graceMs)) };
}

function overload({ maxConcurrentRequests }: HttpLimits): XmlRpcFault {
  return new XmlRpcFault(
    FAULT_CODES.unavailable,
    `more than ${maxConcurrentRequests} requests are under way, the limit of this service`,
  );
}
