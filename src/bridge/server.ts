import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Address } from '../lib/address.js';
import { stackOf } from '../lib/text.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import { listenOn, type Listening } from '../process/listen.js';
import type { Log } from '../process/log.js';
import type { BridgeOutcome } from '../process/call-metrics.js';
import {
  DRY_RUN_HEADER,
  MAX_BODY_BYTES,
  RECORD_HEADER,
  refusalOf,
  TOO_LONG,
  type Dispatch,
  type Dispatched,
  type Refusal,
  type RequestEnd,
} from './request.js';
import { createCallReader } from './xml-rpc/call-scanner.js';
import { FAULT_CODES, XmlRpcFault } from './xml-rpc/fault.js';
import { writeFault, writeResponse } from './xml-rpc/writer.js';

/**
 * Most bytes of all requests together, in bodies until their calls are answered and in answers until they are fetched: three
 * of the longest answers, or 64 calls of 5,000 hosts.
 */
export const MAX_BYTES_UNDER_WAY = 32 * 1024 ** 2;

/** Most open connections: an engine opens one per call, and keeps it for a while. */
export const MAX_CONNECTIONS = 256;

/** Time limits of a client, in milliseconds. */
export interface HttpTimes {
  /** From the opening of a connection, or the first byte of a later request, to the end of the head. */
  readonly headersMs: number;
  /** The same to the end of the body. */
  readonly requestMs: number;
  /** Interval at which Node checks for slow clients. */
  readonly checkMs: number;
  /** Keep-alive of a connection after an answer. */
  readonly idleMs: number;
  /** For reading the answer, which Node does not limit. */
  readonly sendMs: number;
  /** For discarding the rest of a refused request, and for requests on kept connections once the server stops. */
  readonly lingerMs: number;
}

/** Time limits for an engine in the same network, which sends and reads at once. */
export const HTTP_TIMES: HttpTimes = {
  headersMs: 5_000,
  requestMs: 10_000,
  checkMs: 1_000,
  idleMs: 60_000,
  sendMs: 30_000,
  lingerMs: 1_000,
};

/** A connection that is lost through no doing of its peer's: the reason, for logs and metrics. */
export type LostConnection =
  'too many connections' | 'too many bytes under way' | 'answer not read' | 'not accepted';

/** Options of a server. */
export interface XmlRpcServerOptions {
  readonly listen: Address;
  /** Most calls answered at once; further ones get a fault, so that the engine goes on. */
  readonly maxConcurrentRequests: number;
  readonly dispatch: Dispatch;
  readonly log: Log;
  /** Called for each lost connection, with the limit or the code of the error. */
  readonly onConnectionLost?: (reason: LostConnection, detail: string | number) => void;
  /** Called once per request, when its answer is sent or its caller disconnects. */
  readonly onRequestEnd?: (end: RequestEnd) => void;
  /** {@link HTTP_TIMES} by default. */
  readonly times?: HttpTimes;
  /** Milliseconds since the epoch; Date by default. */
  readonly clock?: Clock;
  /** Monotonic clock, in milliseconds; that of Node by default. */
  readonly steadyClock?: Clock;
  /** Node's own timer by default. */
  readonly after?: After;
}

/** A running server. */
export interface XmlRpcServer extends Listening {
  /**
   * Stops listening, answers what still comes on kept connections for a moment, waits up to `graceMs` for requests under
   * way, and aborts the rest.
   */
  readonly close: (graceMs: number) => Promise<void>;
}

/** Bytes to search for the method of a request that is not parsed. */
const PEEKED_BYTES = 1024;

/** Finds the method of a request that is not parsed, for metrics. */
const METHOD_NAME = /<methodName>([\w.:/]+)</;

const EMPTY = Buffer.alloc(0);

const XML_HEADERS = { 'Content-Type': 'text/xml; charset=utf-8' };
const TEXT_HEADERS = { 'Content-Type': 'text/plain; charset=utf-8' };

/** A request whose answer its peer does not have yet. */
interface Exchange {
  /** Ends the request. */
  readonly end: () => void;
  /** Frees its bytes, unless it is being answered. */
  readonly giveUp: () => void;
}

/**
 * Starts a server of XML-RPC over HTTP/1.1 on POST `/` and `/RPC2`. Bodies are buffered, which is as fast as parsing them
 * while they arrive. Whoever has kept the server waiting longest makes room for others. Rejects with UNAVAILABLE when the
 * address can't be bound.
 */
export async function startXmlRpcServer(options: XmlRpcServerOptions): Promise<XmlRpcServer> {
  const { listen, maxConcurrentRequests, dispatch, log, onRequestEnd, onConnectionLost } = options;
  const { times = HTTP_TIMES, clock = Date, steadyClock = performance, after = nodeAfter } = options;
  /** The requests of each open connection; pipelined, there may be many. */
  const connections = new Map<Socket, Set<Exchange>>();
  /** Connections whose peer is to send or to fetch something, the one that has for longest first. */
  const waiting = new Set<Socket>();
  const readCall = createCallReader();
  let calls = 0;
  let bytesUnderWay = 0;
  let hasLingered = false;
  let closing: Promise<void> | undefined;

  /** Serves one request. Never throws, whatever the client does. */
  function exchange(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const open = connections.get(socket) ?? new Set();
    const receivedAt = clock.now();
    const startedAt = steadyClock.now();
    const gone = new AbortController();
    const self: Exchange = { end, giveUp };
    let body = EMPTY;
    let heldBytes = 0;
    let receivedBytes = 0;
    let isWhole = false;
    let isCall = false;
    let method: string | undefined;
    let status: number | undefined;
    let fault: XmlRpcFault | undefined;
    let outcome: BridgeOutcome | undefined;
    let afterAnswer: Dispatched['afterAnswer'];
    let whenFetched: (() => void) | undefined;
    let isFetched = false;
    let refusal: string | undefined = 'the request was cut before its end';
    let hasEnded = false;
    let stopTimer = (): void => undefined;

    if (open.size === 0) waiting.delete(socket);
    waiting.add(socket);
    open.add(self);

    function end(): void {
      if (hasEnded) return;
      hasEnded = true;
      stopTimer();
      if (!response.writableFinished) gone.abort();
      peekMethod();
      leave();
      hold(0);
      open.delete(self);
      if (hasLingered && open.size === 0) socket.destroySoon();
      onRequestEnd?.({
        method,
        status,
        faultCode: status === 200 ? fault?.code : undefined,
        outcome: outcome ?? (refusal === undefined ? 'failed' : undefined),
        refusal,
        durationMs: steadyClock.now() - startedAt,
        receivedBytes,
      });
      if (isFetched) whenFetched?.();
    }

    /** Gives back the place of a call. */
    function leave(): void {
      if (isCall) calls -= 1;
      isCall = false;
    }

    /** Counts the bytes that this request holds now. */
    function hold(bytes: number): void {
      bytesUnderWay += bytes - heldBytes;
      heldBytes = bytes;
      if (bytes > 0 && bytesUnderWay > MAX_BYTES_UNDER_WAY) makeRoom();
    }

    function giveUp(): void {
      if (heldBytes === 0) return;
      if (status !== undefined) {
        hold(0);
        lose(socket, 'too many bytes under way', MAX_BYTES_UNDER_WAY);
      } else if (!isWhole) {
        stopReading(200, faultText(new XmlRpcFault(FAULT_CODES.unavailable, TOO_MANY_BYTES)), XML_HEADERS);
      }
    }

    /** Copies each chunk, since one of a byte may keep much more alive. */
    function receive(chunk: Buffer): void {
      const start = receivedBytes;
      receivedBytes += chunk.length;
      if (status !== undefined) return;
      if (receivedBytes > MAX_BODY_BYTES) {
        refuse(TOO_LONG);
        return;
      }
      if (receivedBytes > body.length) {
        const length = Math.min(MAX_BODY_BYTES, Math.max(receivedBytes, 2 * body.length));
        const longer = Buffer.allocUnsafeSlow(length);
        body.copy(longer, 0, 0, start);
        body = longer;
        hold(length);
      }
      chunk.copy(body, start);
    }

    function peekMethod(): void {
      method ??= METHOD_NAME.exec(
        body.toString('latin1', 0, Math.min(receivedBytes, body.length, PEEKED_BYTES)),
      )?.[1];
      body = EMPTY;
    }

    async function answer(): Promise<Buffer> {
      try {
        if (calls >= maxConcurrentRequests) throw overload(maxConcurrentRequests);
        calls += 1;
        isCall = true;
        const call = readCall(body.subarray(0, receivedBytes));
        ({ method } = call);
        body = EMPTY;
        refusal = undefined;
        const { headers } = request;
        const dryRun = headers[DRY_RUN_HEADER[0]] === DRY_RUN_HEADER[1];
        const record = headers[RECORD_HEADER[0]] === RECORD_HEADER[1];
        const received = { signal: gone.signal, receivedAt, dryRun, record, headers };
        const dispatched = await dispatch(method, call.params, received);
        const bytes = writeResponse(dispatched.value);
        ({ outcome, afterAnswer } = dispatched);
        return bytes;
      } catch (thrown) {
        return Buffer.from(faultText(thrown));
      }
    }

    function faultText(thrown: unknown): string {
      fault = XmlRpcFault.from(thrown);
      outcome = 'fault';
      if (refusal !== undefined) refusal = fault.message;
      if (fault !== thrown && fault.code === FAULT_CODES.internal) {
        log.error('call crashed', { method, stack: stackOf(fault.cause) }, '');
      }
      return writeFault(fault);
    }

    function send(bytes: Buffer): void {
      if (hasEnded) return;
      status = 200;
      leave();
      hold(bytes.length);
      response.writeHead(200, {
        ...XML_HEADERS,
        'Content-Length': bytes.length,
        ...(closing === undefined ? {} : { Connection: 'close' }),
      });
      waiting.add(socket);
      endAnswer(bytes);
      whenFetched = afterAnswer?.();
      afterAnswer = undefined;
    }

    function refuse({ line, headers, ...head }: Refusal): void {
      refusal = line;
      stopReading(head.status, `${line}\n`, TEXT_HEADERS, headers);
    }

    /** Answers now. Discards the rest of the request before closing the connection, or the client may miss the answer. */
    function stopReading(
      code: number,
      text: string,
      type: OutgoingHttpHeaders,
      others?: OutgoingHttpHeaders,
    ): void {
      status = code;
      peekMethod();
      hold(0);
      const length = Buffer.byteLength(text);
      response.writeHead(code, { ...type, 'Content-Length': length, Connection: 'close', ...others });
      response.write(text);
      stopTimer = after(times.lingerMs, endAnswer);
      request.once('end', () => endAnswer());
      request.resume();
    }

    function endAnswer(bytes?: Buffer): void {
      stopTimer();
      if (hasEnded || response.writableEnded) return;
      stopTimer = after(times.sendMs, () => lose(socket, 'answer not read', times.sendMs));
      response.end(bytes);
    }

    // Node has a response finish also when its connection was destroyed, and destroys some right after the end.
    response.prependOnceListener('finish', () => (isFetched = !socket.destroyed));
    response.once('close', end);
    response.on('error', () => undefined);
    const refused = refusalOf(request);
    if (refused !== undefined) {
      refuse(refused);
      return;
    }
    request.on('data', receive);
    request.once('end', () => {
      if (status !== undefined) return;
      isWhole = true;
      if (open.size === 1) waiting.delete(socket);
      void answer().then(send);
    });
  }

  /** Frees bytes of those that have kept us waiting longest until the rest is within the limit. */
  function makeRoom(): void {
    for (const socket of waiting) {
      for (const { giveUp } of connections.get(socket) ?? []) giveUp();
      if (bytesUnderWay <= MAX_BYTES_UNDER_WAY) return;
    }
  }

  function lose(socket: Socket, reason: LostConnection, detail: number): void {
    onConnectionLost?.(reason, detail);
    waiting.delete(socket);
    socket.destroy();
  }

  const server = createServer({
    noDelay: true,
    headersTimeout: times.headersMs,
    requestTimeout: times.requestMs,
    keepAliveTimeout: times.idleMs,
    connectionsCheckingInterval: times.checkMs,
  });
  server.on('connection', (socket: Socket) => {
    connections.set(socket, new Set());
    waiting.add(socket);
    socket.once('close', () => {
      const open = connections.get(socket) ?? [];
      connections.delete(socket);
      waiting.delete(socket);
      for (const { end } of open) end();
    });
    const [longest = socket] = waiting;
    if (connections.size > MAX_CONNECTIONS) lose(longest, 'too many connections', MAX_CONNECTIONS);
  });
  server.on('request', exchange);

  function endIdleConnections(): void {
    hasLingered = true;
    for (const [socket, open] of connections) if (open.size === 0) socket.destroySoon();
  }

  async function close(graceMs: number): Promise<void> {
    // The method of the HTTP server would reset kept connections on which a request is arriving.
    const stopped = new Promise<void>(
      (resolve) => void NetServer.prototype.close.call(server, () => resolve()),
    );
    // The server may be closed before its sockets emit 'close', which ends their requests.
    const closed = [...connections.keys()].map(
      (socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve())),
    );
    const lingerMs = Math.min(graceMs, times.lingerMs);
    const stopLinger = after(lingerMs, endIdleConnections);
    if (lingerMs === 0) endIdleConnections();
    const stopTimer = after(graceMs, () => {
      const requests = [...connections.values()].reduce((sum, open) => sum + open.size, 0);
      log.warn('requests aborted', { requests, afterMs: graceMs });
      for (const socket of connections.keys()) socket.destroy();
    });
    await Promise.all([stopped, ...closed]);
    stopLinger();
    stopTimer();
    server.close();
  }

  const listening = await listenOn(server, listen);
  server.on('error', (error: NodeJS.ErrnoException) =>
    onConnectionLost?.('not accepted', String(error.code)),
  );
  return { ...listening, close: (graceMs) => (closing ??= close(graceMs)) };
}

const TOO_MANY_BYTES = `requests hold more than ${MAX_BYTES_UNDER_WAY} bytes together, the limit of this service; send it again, faster`;

function overload(max: number): XmlRpcFault {
  const text = `more than ${max} requests are under way, the limit of this service (bridge.maxConcurrentRequests)`;
  return new XmlRpcFault(FAULT_CODES.unavailable, text);
}
