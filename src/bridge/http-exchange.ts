import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../process/log.js';
import { faultOf } from './http-fault.js';
import type { HttpLimits } from './http-limits.js';
import { refusalOf, tooLong, type HttpRefusal } from './http-refusal.js';
import { createCallReader } from './xml-rpc/call-reader.js';
import type { XmlRpcFault } from './xml-rpc/fault.js';
import type { XmlRpcLimits } from './xml-rpc/limits.js';
import type { XmlRpcValue } from '../engine-model/value.js';
import { writeFault, writeResponse } from './xml-rpc/writer.js';

/** What is known of a call besides its method and parameters. */
export interface CallContext {
  /** Aborts when the caller went away. */
  readonly signal: AbortSignal;
  /** When the head of the request came in: ms since the epoch. */
  readonly receivedAt: number;
  /** Has something run once when the request has ended, with its `durationMs`; at once when it has. */
  readonly whenEnded: (run: (durationMs: number) => void) => void;
}

/** Answers a call. It may throw anything: an XmlRpcFault is sent as it is, a SchedulingError with its message. */
export type Dispatch = (
  method: string,
  params: readonly XmlRpcValue[],
  context: CallContext,
) => Promise<XmlRpcValue>;

/** What came of a request. */
export interface RequestEnd {
  /** Whether the call was handed over to be answered; if not, it was refused, no XML-RPC, one too many, or cut. */
  readonly isDispatched: boolean;
  /** As the caller wrote it, so it may be any name; absent when the request was not read that far. */
  readonly method: string | undefined;
  /** Status of HTTP; absent when the caller went away before there was an answer. */
  readonly status: number | undefined;
  /** Set when the answer was a fault. */
  readonly faultCode: number | undefined;
  /** What the caller was told instead of a value; absent when it was given one, or nothing. */
  readonly reason: string | undefined;
  /** From the end of the request's head to the last byte of the answer. */
  readonly durationMs: number;
  /** Bytes of the body. */
  readonly receivedBytes: number;
}

/** What an exchange needs besides its request. */
export interface ExchangeOptions {
  readonly limits: HttpLimits & Partial<XmlRpcLimits>;
  readonly dispatch: Dispatch;
  readonly log: Log;
  readonly clock: { now(): number };
  /** Milliseconds since whenever, by a clock that nobody sets. */
  readonly steadyClock: { now(): number };
  /** Why no call is taken just now, as a fault; absent: one is. */
  readonly overload?: XmlRpcFault | undefined;
  /** Whether the client waits for a `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean;
  /** Asked when the answer is sent: whether its connection has to end. */
  readonly lastOfConnection: () => boolean;
  readonly onEnd: (end: RequestEnd) => void;
}

/** One request and its answer, under way. */
export interface Exchange {
  /** Ends it when its connection is gone. */
  readonly abandon: () => void;
}

/** Bytes in which the name of the method of a call stands, unless somebody hides it. */
const PEEKED_BYTES = 1024;

/** Receives a request, has it answered, and sends the answer. Nothing that a client does makes this throw. */
export function startExchange(
  request: IncomingMessage,
  response: ServerResponse,
  options: ExchangeOptions,
): Exchange {
  const { limits, dispatch, log, overload, expectsContinue, lastOfConnection, onEnd } = options;
  const receivedAt = options.clock.now();
  const startedAt = options.steadyClock.now();
  const reader = createCallReader(limits);
  const gone = new AbortController();
  let method: string | undefined;
  let status: number | undefined;
  let fault = overload;
  let receivedBytes = 0;
  let isDispatched = false;
  let reason: string | undefined;
  let durationMs: number | undefined;
  const waiting: ((durationMs: number) => void)[] = [];
  let timer: NodeJS.Timeout | undefined;

  function end(): void {
    if (durationMs !== undefined) return;
    durationMs = options.steadyClock.now() - startedAt;
    clearTimeout(timer);
    if (!response.writableFinished) gone.abort();
    for (const run of waiting) run(durationMs);
    onEnd({
      isDispatched,
      method,
      status,
      faultCode: status === 200 ? fault?.code : undefined,
      reason: status === 200 ? fault?.message : reason,
      durationMs,
      receivedBytes,
    });
  }

  function receive(): void {
    request.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.length;
      if (status !== undefined) return;
      if (receivedBytes > limits.maxBodyBytes) refuse(tooLong(limits.maxBodyBytes));
      else if (fault === undefined) parse(chunk);
      else if (fault === overload && receivedBytes === chunk.length) peek(chunk);
    });
    request.once('end', () => {
      if (status === undefined) void answer().then(send);
    });
  }

  function parse(chunk: Buffer): void {
    try {
      reader.write(chunk);
    } catch (error) {
      fault = faultOf(error, '', log);
    }
    method = reader.method();
  }

  /** Reads only so much of a call that is one too many that its method, for the figures, is mostly found. */
  function peek(chunk: Buffer): void {
    try {
      reader.write(chunk.subarray(0, PEEKED_BYTES));
    } catch {
      // It gets its fault anyhow.
    }
    method = reader.method();
  }

  function whenEnded(run: (durationMs: number) => void): void {
    if (durationMs === undefined) waiting.push(run);
    else run(durationMs);
  }

  async function answer(): Promise<string> {
    try {
      if (fault !== undefined) throw fault;
      const call = reader.end();
      isDispatched = true;
      const context = { signal: gone.signal, receivedAt, whenEnded };
      return writeResponse(await dispatch(call.method, call.params, context));
    } catch (error) {
      fault = faultOf(error, method ?? '', log);
      return writeFault(fault);
    }
  }

  function send(body: string): void {
    if (durationMs !== undefined) return;
    const bytes = Buffer.from(body);
    status = 200;
    response.writeHead(200, {
      'Content-Type': 'text/xml; charset=utf-8',
      'Content-Length': bytes.length,
      ...(lastOfConnection() ? { Connection: 'close' } : {}),
    });
    endAnswer(bytes);
  }

  /** Refuses, and closes the connection; but first throws away what is still on its way, or the client may miss the answer. */
  function refuse({ status: refused, line, headers }: HttpRefusal): void {
    status = refused;
    reason = line;
    const bytes = Buffer.from(`${line}\n`);
    response.writeHead(refused, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': bytes.length,
      Connection: 'close',
      ...headers,
    });
    response.write(bytes);
    if (expectsContinue) {
      endAnswer();
      return;
    }
    timer = setTimeout(endAnswer, limits.lingerMs);
    request.once('end', endAnswer);
    request.resume();
  }

  function endAnswer(bytes?: Buffer): void {
    clearTimeout(timer);
    if (durationMs !== undefined || response.writableEnded) return;
    timer = setTimeout(() => {
      log.warn('answer not fetched', { method, afterMs: limits.sendTimeoutMs });
      request.socket.destroy();
    }, limits.sendTimeoutMs);
    response.end(bytes);
  }

  response.once('close', end);
  response.on('error', () => undefined);
  const refusal = refusalOf(request, limits.maxBodyBytes);
  if (refusal !== undefined) {
    refuse(refusal);
  } else {
    if (expectsContinue) response.writeContinue();
    receive();
  }
  return { abandon: end };
}
