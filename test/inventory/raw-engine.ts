import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request that arrived. */
export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers one request; `count`: how many of this method and path came so far, this one included. */
export type Answer = (response: ServerResponse, seen: Seen, count: number) => void;

/** A server that answers as a test wants, where a whole simulated engine would be too well behaved. */
export interface RawEngine {
  readonly url: string;
  readonly port: number;
  readonly seen: readonly Seen[];
  /** Connections that were opened. */
  readonly connections: () => number;
  /** How many requests of that method and path, without its query, came. */
  readonly count: (methodAndPath: string) => number;
  /** Sets or replaces the answer to `METHOD /path`, the query left out. */
  readonly on: (methodAndPath: string, answer: Answer) => void;
  readonly close: () => Promise<void>;
}

export const TOKEN_PATH = 'POST /ovirt-engine/sso/oauth/token';
export const LOGOUT_PATH = 'POST /ovirt-engine/services/sso-logout';
export const HOSTS_PATH = 'GET /ovirt-engine/api/hosts';
export const VMS_PATH = 'GET /ovirt-engine/api/vms';

/** Opens an engine that gives tokens `token-1`, `token-2`, ... and knows nothing else until it is told. */
export async function openRawEngine(): Promise<RawEngine> {
  const seen: Seen[] = [];
  const answers = new Map<string, Answer>();
  const sockets = new Set<Socket>();
  let connections = 0;
  const key = ({ method, url }: Pick<Seen, 'method' | 'url'>) => `${method} ${url.split('?')[0] ?? ''}`;
  const count = (wanted: string) => seen.filter((one) => key(one) === wanted).length;

  const server = createServer((request, response) => {
    void (async () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, headers, body: await text(request) };
      seen.push(one);
      const answer = answers.get(key(one));
      if (answer === undefined) response.writeHead(404).end();
      else answer(response, one, count(key(one)));
    })();
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  answers.set(TOKEN_PATH, (response, _seen, nth) =>
    json(response, { access_token: `token-${nth}`, exp: '1' }),
  );
  answers.set(LOGOUT_PATH, (response) => json(response, {}));
  return {
    url: `http://127.0.0.1:${port}/ovirt-engine`,
    port,
    seen,
    connections: () => connections,
    count,
    on: (path, answer) => void answers.set(path, answer),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with JSON as the engine does: indented, with a charset. */
export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8' });
  response.end(JSON.stringify(body, undefined, 2));
}
