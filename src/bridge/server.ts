import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { XmlRpcValue } from '../engine-model/value.js';
import type { Address } from '../lib/address.js';
import { stackOf } from '../lib/text.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import { listenOn, type Listening } from '../process/listen.js';
import type { Log } from '../process/log.js';
import type { BridgeOutcome } from '../process/metrics.js';
import { FAULT_CODES, XmlRpcFault } from './xml-rpc/fault.js';
import { readCall } from './xml-rpc/reader.js';
import { writeFault, writeResponse } from './xml-rpc/writer.js';

/** Longest body of a request, in bytes: over ten times that of a call with 10,000 hosts. */
export const MAX_BODY_BYTES = 8 * 1024 ** 2;

/** Most open connections: an engine opens one per call, and keeps it for a while. */
export const MAX_CONNECTIONS = 256;

/** Name and value of the header that requests a dry run. */
export const DRY_RUN_HEADER = ['x-hostscore-dry-run', '1'] as const;

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
  /** For discarding the rest of a refused request before its connection is closed. */
  readonly lingerMs: number;
}

/** Time limits for an engine in the same network, which sends and reads at once. */
export const HTTP_TIMES: HttpTimes = {
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 1_000,
  idleMs: 60_000,
  sendMs: 30_000,
  lingerMs: 1_000,
};

/** The context of a received request. */
export interface ReceivedRequest {
  /** Aborts when the caller disconnects. */
  readonly signal: AbortSignal;
  /** Arrival of the request's head, in milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly dryRun: boolean;
}

/** The outcome of an answered call. */
export interface Dispatched {
  readonly value: XmlRpcValue;
  readonly outcome: BridgeOutcome;
}

/** Called for each call. May throw anything: an XmlRpcFault is sent as it is, a SchedulingError with its message. */
export type Dispatch = (
  method: string,
  params: readonly XmlRpcValue[],
  request: ReceivedRequest,
) => Promise<Dispatched>;

/** The end of a request. */
export interface RequestEnd {
  /** As the caller wrote it, unvalidated; absent when the request was not read that far. */
  readonly method: string | undefined;
  /** HTTP status; absent when the caller disconnected before the answer. */
  readonly status: number | undefined;
  /** Set when the answer was a fault. */
  readonly faultCode: number | undefined;
  /** Outcome of the call, `failed` if its caller disconnected; absent for a refused or aborted request. */
  readonly outcome: BridgeOutcome | undefined;
  /** Reason why the request was not dispatched: refused, invalid, over the limit, or aborted. Absent when it was. */
  readonly refusal: string | undefined;
  /** From the end of the request's head to the last byte of the answer. */
  readonly durationMs: number;
  /** Bytes of the body. */
  readonly receivedBytes: number;
}

/** Options of a server. */
export interface XmlRpcServerOptions {
  readonly listen: Address;
  /** Most requests under way at once; further ones get a fault, so that the engine goes on. */
  readonly maxConcurrentRequests: number;
  readonly dispatch: Dispatch;
  readonly log: Log;
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
  /** Stops listening, waits up to `graceMs` for requests under way, and aborts the rest. */
  readonly close: (graceMs: number) => Promise<void>;
}

/** Bytes to search for the method of a request that is not parsed. */
const PEEKED_BYTES = 1024;

/** Finds the method of a request that is not parsed, for metrics. */
const METHOD_NAME = /<methodName>([\w.:/]+)</;

/**
 * Starts a server of XML-RPC over HTTP/1.1 on POST `/` and `/RPC2`. Bodies are buffered, which is as fast as parsing them
 * while they arrive. Rejects with UNAVAILABLE when the address can't be bound.
 */
export async function startXmlRpcServer(options: XmlRpcServerOptions): Promise<XmlRpcServer> {
  const { listen, maxConcurrentRequests, dispatch, log, onRequestEnd } = options;
  const { times = HTTP_TIMES, clock = Date, steadyClock = performance, after = nodeAfter } = options;
  /** Callbacks that end the requests of each open connection; pipelined, there may be many. */
  const connections = new Map<Socket, Set<() => void>>();
  let underWay = 0;
  let closing: Promise<void> | undefined;

  /** Serves one request. Never throws, whatever the client does. */
  function exchange(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const receivedAt = clock.now();
    const startedAt = steadyClock.now();
    const gone = new AbortController();
    const chunks: Buffer[] = [];
    let receivedBytes = 0;
    let method: string | undefined;
    let status: number | undefined;
    let fault: XmlRpcFault | undefined;
    let outcome: BridgeOutcome | undefined;
    let refusal: string | undefined = 'the request was cut before its end';
    let hasEnded = false;
    let stopTimer = (): void => undefined;

    underWay += 1;
    const isTooMany = underWay > maxConcurrentRequests;
    connections.get(socket)?.add(end);

    function end(): void {
      if (hasEnded) return;
      hasEnded = true;
      stopTimer();
      if (!response.writableFinished) gone.abort();
      underWay -= 1;
      connections.get(socket)?.delete(end);
      if (closing !== undefined && connections.get(socket)?.size === 0) socket.destroySoon();
      onRequestEnd?.({
        method: method ?? METHOD_NAME.exec(Buffer.concat(chunks, PEEKED_BYTES).toString('latin1'))?.[1],
        status,
        faultCode: status === 200 ? fault?.code : undefined,
        outcome: outcome ?? (refusal === undefined ? 'failed' : undefined),
        refusal,
        durationMs: steadyClock.now() - startedAt,
        receivedBytes,
      });
    }

    function receive(chunk: Buffer): void {
      receivedBytes += chunk.length;
      if (status !== undefined) return;
      if (receivedBytes > MAX_BODY_BYTES) refuse(TOO_LONG);
      else if (!isTooMany || chunks.length === 0) chunks.push(chunk);
    }

    async function answer(): Promise<string> {
      try {
        if (isTooMany) throw overload(maxConcurrentRequests);
        const call = readCall(Buffer.concat(chunks));
        ({ method } = call);
        chunks.length = 0;
        refusal = undefined;
        const dryRun = request.headers[DRY_RUN_HEADER[0]] === DRY_RUN_HEADER[1];
        const dispatched = await dispatch(method, call.params, { signal: gone.signal, receivedAt, dryRun });
        const body = writeResponse(dispatched.value);
        ({ outcome } = dispatched);
        return body;
      } catch (thrown) {
        fault = XmlRpcFault.from(thrown);
        outcome = 'fault';
        if (refusal !== undefined) refusal = fault.message;
        if (fault !== thrown && fault.code === FAULT_CODES.internal) {
          log.error('call crashed', { method, stack: stackOf(fault.cause) }, '');
        }
        return writeFault(fault);
      }
    }

    function send(body: string): void {
      if (hasEnded) return;
      const bytes = Buffer.from(body);
      status = 200;
      response.writeHead(200, {
        'Content-Type': 'text/xml; charset=utf-8',
        'Content-Length': bytes.length,
        ...(closing === undefined ? {} : { Connection: 'close' }),
      });
      endAnswer(bytes);
    }

    /** Sends a refusal. Discards the rest of the request before closing the connection, or the client may miss the answer. */
    function refuse({ line, headers, ...head }: Refusal): void {
      ({ status } = head);
      refusal = line;
      response.writeHead(status, {
        'Content-Type': 'text/plain; charset=utf-8',
        'Content-Length': Buffer.byteLength(line) + 1,
        Connection: 'close',
        ...headers,
      });
      response.write(`${line}\n`);
      stopTimer = after(times.lingerMs, endAnswer);
      request.once('end', () => endAnswer());
      request.resume();
    }

    function endAnswer(bytes?: Buffer): void {
      stopTimer();
      if (hasEnded || response.writableEnded) return;
      stopTimer = after(times.sendMs, () => {
        log.warn('answer not read', { method, afterMs: times.sendMs }, '');
        socket.destroy();
      });
      response.end(bytes);
    }

    response.once('close', end);
    response.on('error', () => undefined);
    const refused = refusalOf(request);
    if (refused !== undefined) {
      refuse(refused);
      return;
    }
    request.on('data', receive);
    request.once('end', () => {
      if (status === undefined) void answer().then(send);
    });
  }

  const server = createServer({
    noDelay: true,
    headersTimeout: times.headersMs,
    requestTimeout: times.requestMs,
    keepAliveTimeout: times.idleMs,
    connectionsCheckingInterval: times.checkMs,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket: Socket) => {
    connections.set(socket, new Set());
    socket.once('close', () => {
      const open = connections.get(socket) ?? [];
      connections.delete(socket);
      for (const end of open) end();
    });
  });
  server.on('request', exchange);
  server.on('drop', () => log.warn('connection dropped', { maxConnections: MAX_CONNECTIONS }, ''));

  async function close(graceMs: number): Promise<void> {
    const stopped = new Promise<void>((resolve) => void server.close(() => resolve()));
    // The server may be closed before its sockets emit 'close', which ends their requests.
    const closed = [...connections.keys()].map(
      (socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve())),
    );
    for (const [socket, open] of connections) if (open.size === 0) socket.destroy();
    const stopTimer = after(graceMs, () => {
      log.warn('requests aborted', { requests: underWay, afterMs: graceMs });
      for (const socket of connections.keys()) socket.destroy();
    });
    await Promise.all([stopped, ...closed]);
    stopTimer();
  }

  const listening = await listenOn(server, listen);
  server.on('error', (error: NodeJS.ErrnoException) =>
    log.error('accept failed', { code: error.code }, String(error.code)),
  );
  return { ...listening, close: (graceMs) => (closing ??= close(graceMs)) };
}

function overload(max: number): XmlRpcFault {
  const text = `more than ${max} requests are under way, the limit of this service (bridge.maxConcurrentRequests)`;
  return new XmlRpcFault(FAULT_CODES.unavailable, text);
}

/** The response to a request that can't be a call. */
interface Refusal {
  readonly status: 403 | 404 | 405 | 413 | 415;
  readonly line: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The paths that take calls: the engine's default, and the customary one. */
const PATHS: ReadonlySet<string> = new Set(['/', '/RPC2']);

const CONTENT_TYPES: ReadonlySet<string> = new Set(['text/xml', 'application/xml']);

const TOO_LONG: Refusal = {
  status: 413,
  line: `the body has more than ${MAX_BODY_BYTES} bytes, the limit of this service`,
};

/** Returns the refusal of a request whose head shows that it can't be a call, else undefined. */
function refusalOf({ method, url = '/', headers }: IncomingMessage): Refusal | undefined {
  if (!PATHS.has(url.split('?', 1)[0] ?? '')) {
    return { status: 404, line: 'XML-RPC is served at / and at /RPC2' };
  }
  if (method !== 'POST') {
    return { status: 405, line: 'XML-RPC is served: only POST is taken', headers: { Allow: 'POST' } };
  }
  // Only browsers send it, for a page that may have got here by DNS rebinding.
  if (headers.origin !== undefined) return { status: 403, line: 'calls from browsers are not taken' };
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim());
  if (!CONTENT_TYPES.has(type.toLowerCase())) {
    return { status: 415, line: 'the Content-Type of a call is text/xml or application/xml' };
  }
  const charsets = parameters.flatMap((part) => /^charset\s*=\s*"?([^"]*)"?$/i.exec(part)?.[1] ?? []);
  if (charsets.some((charset) => charset.toLowerCase() !== 'utf-8')) {
    return { status: 415, line: 'the only charset that is read is utf-8' };
  }
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    return {
      status: 415,
      line: 'the only Content-Encoding that is read is identity',
      headers: { 'Accept-Encoding': 'identity' },
    };
  }
  return Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES ? TOO_LONG : undefined;
}
