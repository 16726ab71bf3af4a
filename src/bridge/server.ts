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

/** Bytes of a request's body: more than ten times those of a call with 10,000 hosts. */
export const MAX_BODY_BYTES = 8 * 1024 ** 2;

/** Open connections: an engine opens one a call, and keeps it for a while. */
export const MAX_CONNECTIONS = 256;

/** The header, and its value, of a request that is answered and leaves nothing behind. */
export const DRY_RUN_HEADER = ['x-hostscore-dry-run', '1'] as const;

/** How slow a client may be: milliseconds. */
export interface HttpTimes {
  /** From the opening of a connection, or the first byte of a later request, to the end of the head. */
  readonly headersMs: number;
  /** The same to the end of the body. */
  readonly requestMs: number;
  /** How often Node looks for clients that are too slow. */
  readonly checkMs: number;
  /** How long a connection is kept after an answer. */
  readonly idleMs: number;
  /** How long a client may take to fetch its answer: Node has no limit for that. */
  readonly sendMs: number;
  /** How long the rest of a request that was refused is thrown away before its connection is closed. */
  readonly lingerMs: number;
}

/** Times for an engine in the same network, which sends a call at once and reads its answer at once. */
export const HTTP_TIMES: HttpTimes = {
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 1_000,
  idleMs: 60_000,
  sendMs: 30_000,
  lingerMs: 1_000,
};

/** A call as it came in. */
export interface ReceivedRequest {
  /** Aborts when the caller went away. */
  readonly signal: AbortSignal;
  /** When the head of the request came in: milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly dryRun: boolean;
}

/** What came of a call that was answered. */
export interface Dispatched {
  readonly value: XmlRpcValue;
  readonly outcome: BridgeOutcome;
}

/** Called for each call; may throw anything: an XmlRpcFault is sent as it is, a SchedulingError with its message. */
export type Dispatch = (
  method: string,
  params: readonly XmlRpcValue[],
  request: ReceivedRequest,
) => Promise<Dispatched>;

/** What came of a request. */
export interface RequestEnd {
  /** As the caller wrote it, so it may be any name; absent when the request was not read that far. */
  readonly method: string | undefined;
  /** Status of HTTP; absent when the caller went away before there was an answer. */
  readonly status: number | undefined;
  /** Set when the answer was a fault. */
  readonly faultCode: number | undefined;
  /** How a call ended; `failed` when its caller went away meanwhile. Absent when it was refused, or cut. */
  readonly outcome: BridgeOutcome | undefined;
  /** Why there was no call to be answered: the request was refused, no XML-RPC, one too many, or cut. Absent when there was. */
  readonly refusal: string | undefined;
  /** From the end of the request's head to the last byte of the answer. */
  readonly durationMs: number;
  /** Bytes of the body. */
  readonly receivedBytes: number;
}

/** What is served, and where. */
export interface XmlRpcServerOptions {
  readonly listen: Address;
  /** Requests that are received, answered or sent back at once; those beyond get a fault, so that the engine goes on. */
  readonly maxConcurrentRequests: number;
  readonly dispatch: Dispatch;
  readonly log: Log;
  /** Called for each request when its answer is sent, or when nobody waits for one any more. */
  readonly onRequestEnd?: (end: RequestEnd) => void;
  /** {@link HTTP_TIMES} by default. */
  readonly times?: HttpTimes;
  /** Milliseconds since the epoch; Date by default. */
  readonly clock?: Clock;
  /** Milliseconds since whenever, by a clock that nobody sets; that of Node by default. */
  readonly steadyClock?: Clock;
  /** Node's own timer by default. */
  readonly after?: After;
}

/** A running server. */
export interface XmlRpcServer extends Listening {
  /** Takes no further connection, waits that many ms for requests that are under way, and cuts the rest. */
  readonly close: (graceMs: number) => Promise<void>;
}

/** Bytes in which the name of the method of a call stands, unless somebody hides it. */
const PEEKED_BYTES = 1024;

/** The name of the method of a call that is not read, for the figures. */
const METHOD_NAME = /<methodName>([\w.:/]+)</;

/**
 * Serves XML-RPC over HTTP/1.1 on POST `/` and `/RPC2`. A body is read when it is whole: that costs no more than reading it
 * while it arrives. Rejects with UNAVAILABLE when the address can't be bound.
 */
export async function startXmlRpcServer(options: XmlRpcServerOptions): Promise<XmlRpcServer> {
  const { listen, maxConcurrentRequests, dispatch, log, onRequestEnd } = options;
  const { times = HTTP_TIMES, clock = Date, steadyClock = performance, after = nodeAfter } = options;
  /** What ends the requests under way on each open connection: pipelined, there may be many. */
  const connections = new Map<Socket, Set<() => void>>();
  let underWay = 0;
  let closing: Promise<void> | undefined;

  /** Receives a request, has it answered, and sends the answer. Nothing that a client does makes this throw. */
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
          log.error('call crashed', { method, stack: stackOf(fault.cause) });
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

    /** Refuses, and closes the connection; but first throws away what is still on its way, or the client may miss the answer. */
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
        log.warn('answer not fetched', { method, afterMs: times.sendMs });
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
  server.on('drop', () => log.warn('connection dropped', { maxConnections: MAX_CONNECTIONS }));

  async function close(graceMs: number): Promise<void> {
    const stopped = new Promise<void>((resolve) => void server.close(() => resolve()));
    // A server may be closed before its sockets have told so, and with it who waits for their signals.
    const told = [...connections.keys()].map(
      (socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve())),
    );
    for (const [socket, open] of connections) if (open.size === 0) socket.destroy();
    const stopTimer = after(graceMs, () => {
      log.warn('requests cut', { requests: underWay, afterMs: graceMs });
      for (const socket of connections.keys()) socket.destroy();
    });
    await Promise.all([stopped, ...told]);
    stopTimer();
  }

  const listening = await listenOn(server, listen);
  server.on('error', (error: NodeJS.ErrnoException) => log.error('accept failed', { code: error.code }));
  return { ...listening, close: (graceMs) => (closing ??= close(graceMs)) };
}

function overload(max: number): XmlRpcFault {
  const text = `more than ${max} requests are under way, the limit of this service (bridge.maxConcurrentRequests)`;
  return new XmlRpcFault(FAULT_CODES.unavailable, text);
}

/** An answer to a request that is no call: a status, and one line that says what is served. */
interface Refusal {
  readonly status: 403 | 404 | 405 | 413 | 415;
  readonly line: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Where calls are taken: the engine's default, and what is customary. */
const PATHS: ReadonlySet<string> = new Set(['/', '/RPC2']);

const CONTENT_TYPES: ReadonlySet<string> = new Set(['text/xml', 'application/xml']);

const TOO_LONG: Refusal = {
  status: 413,
  line: `the body has more than ${MAX_BODY_BYTES} bytes, the limit of this service`,
};

/** Says why a request can't be a call, by its head alone; undefined when it may be one. */
function refusalOf({ method, url = '/', headers }: IncomingMessage): Refusal | undefined {
  if (!PATHS.has(url.split('?', 1)[0] ?? '')) {
    return { status: 404, line: 'XML-RPC is served at / and at /RPC2' };
  }
  if (method !== 'POST') {
    return { status: 405, line: 'XML-RPC is served: only POST is taken', headers: { Allow: 'POST' } };
  }
  // Only a browser sends it, on behalf of some page, which may have got here by rebinding its name in DNS.
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
