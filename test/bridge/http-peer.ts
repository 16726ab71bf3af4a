import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Dispatched, ReceivedRequest, RequestEnd } from '../../src/bridge/request.js';
import {
  startXmlRpcServer,
  type LostConnection,
  type XmlRpcServer,
  type XmlRpcServerOptions,
} from '../../src/bridge/server.js';
import type { XmlRpcValue } from '../../src/engine-model/value.js';
import { memoryLog } from '../support/log.js';

/** A server under test, and what it told. */
export interface ServerUnderTest extends XmlRpcServer {
  readonly log: ReturnType<typeof memoryLog>;
  readonly ends: readonly RequestEnd[];
  readonly lost: readonly LostConnection[];
}

/** What a server under test may be told. */
export interface ServeOptions extends Partial<
  Pick<XmlRpcServerOptions, 'maxConcurrentRequests' | 'times' | 'clock' | 'steadyClock' | 'after'>
> {
  readonly dispatch?: (
    method: string,
    params: readonly XmlRpcValue[],
    request: ReceivedRequest,
  ) => Promise<XmlRpcValue>;
  readonly afterAnswer?: Dispatched['afterAnswer'];
}

/** Starts a server that answers each call with its parameters, unless it is told otherwise. */
export async function serve({
  dispatch = (_method, params) => Promise.resolve(params),
  afterAnswer,
  ...options
}: ServeOptions = {}): Promise<ServerUnderTest> {
  const log = memoryLog();
  const ends: RequestEnd[] = [];
  const lost: LostConnection[] = [];
  const server = await startXmlRpcServer({
    listen: { host: '127.0.0.1', port: 0 },
    maxConcurrentRequests: 64,
    dispatch: async (...call) => ({ value: await dispatch(...call), outcome: 'ok', afterAnswer }),
    log,
    onRequestEnd: (end) => void ends.push(end),
    onConnectionLost: (reason) => void lost.push(reason),
    ...options,
  });
  return { ...server, log, ends, lost };
}

/** One end of a raw connection. */
export interface Peer {
  readonly socket: Socket;
  readonly send: (text: string | Uint8Array) => void;
  /** All that came until now. */
  readonly received: () => string;
  /** Fulfilled when what came has that text in it, or that many times. */
  readonly until: (text: string, times?: number) => Promise<string>;
  /** Fulfilled with all that came when the other end has closed or reset the connection. */
  readonly closed: () => Promise<string>;
}

/** Connects to a server and sends nothing. */
export async function openPeer({ port }: { readonly port: number }): Promise<Peer> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let received = '';
  let over = false;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    received += text;
    wake();
  });
  socket.on('error', () => undefined);
  for (const event of ['end', 'close']) {
    socket.on(event, () => {
      over = true;
      wake();
    });
  }
  const when = (ready: () => boolean) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        if (!ready() && !over) return;
        waiting.delete(look);
        if (ready()) resolve(received);
        else reject(new Error(`the connection ended after ${JSON.stringify(received)}`));
      };
      waiting.add(look);
      look();
    });
  return {
    socket,
    send: (text) => void socket.write(text),
    received: () => received,
    until: (text, times = 1) => when(() => received.split(text).length > times),
    closed: () => when(() => over),
  };
}

/** The text of a request; its Content-Length is that of the body, unless the headers say otherwise. */
export function requestOf(
  body: string,
  {
    method = 'POST',
    path = '/',
    headers = {},
  }: {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): string {
  const all = {
    Host: 'localhost',
    'Content-Type': 'text/xml',
    ...('Transfer-Encoding' in headers ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === '' ? [] : [`${name}: ${value}\r\n`],
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** Text as one chunk of a chunked body. */
export function chunkOf(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
