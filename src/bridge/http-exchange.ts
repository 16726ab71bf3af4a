import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../log.js';
import { faultOf } from './http-fault.js';
import type { HttpLimits } from './http-limits.js';
import { refusalOf, tooLong, type HttpRefusal } from './http-refusal.js';
import { createCallReader } from './xml-rpc/call-reader.js';
import type { XmlRpcFault } from './xml-rpc/fault.js';
import type { XmlRpcLimits } from './xml-rpc/limits.js';
import type { XmlRpcValue } from './xml-rpc/value.js';
import { writeFault, writeResponse } from './xml-rpc/writer.js';

/** What is known of a call besides its method and parameters. */
export interface CallContext {
  /** Aborts when the caller went away. */
  readonly signal: AbortSignal;
  /** When the head of the request came in: ms since the epoch. */
  readonly receivedAt: number;
}

/** Answers a call. It may throw anything: an XmlRpcFault is sent as it is, a SchedulingError with its message. */
export type Dispatch = (
  method: string,
  params: readonly XmlRpcValue[],
  context: CallContext,
) => Promise<XmlRpcValue>;

/** What came of a request. */
export interface RequestEnd {
  /** As the caller wrote it, so it may be any name; absent when the request was not read that far. */
  readonly method: string | undefined;
  /** Status of HTTP; absent when the caller went away before there was an answer. */
  readonly status: number | undefined;
  /** Set when the answer was a fault. */
  readonly faultCode: number | undefined;
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

/** Receives a request, has it answered, and sends the answer. Nothing that a client does makes this throw. */
export function startExchange(
  request: IncomingMessage,
  response: ServerResponse,
  { limits, dispatch, log, clock, overload, expectsContinue, lastOfConnection, onEnd }: ExchangeOptions,
): Exchange {
  const receivedAt = clock.now();
  const startedAt = performance.now();
  const reader = createCallReader(limits);
  const gone = new AbortController();
  let method: string | undefined;
  let status: number | undefined;
  let fault = overload;
  let receivedBytes = 0;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;

  function end(): void {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    if (!response.writableFinished) gone.abort();
    onEnd({
      method,
      status,
      faultCode: status === 200 ? fault?.code : undefined,
      durationMs: performance.now() - startedAt,
      receivedBytes,
    });
  }

  function receive(): void {
    request.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.length;
      if (status !== undefined) return;
      if (receivedBytes > limits.maxBodyBytes) refuse(tooLong(limits.maxBodyBytes));
      else if (fault === undefined) parse(chunk);
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
  }

  async function answer(): Promise<string> {
    try {
      if (fault !== undefined) throw fault;
      const call = reader.end();
      method = call.method;
      return writeResponse(await dispatch(method, call.params, { signal: gone.signal, receivedAt }));
    } catch (error) {
      fault = faultOf(error, method ?? '', log);
      return writeFault(fault);
    }
  }

  function send(body: string): void {
    if (ended) return;
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
    if (ended || response.writableEnded) return;
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
