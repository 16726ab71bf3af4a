import { createServer, isIPv6, type AddressInfo, type Socket } from 'node:net';
import { SchedulingError } from '../errors.js';
import type { Log } from '../log.js';

/** A port that is listened on, and the connections that came in by it. */
export interface Listener {
  /** The address really bound, as `host:port`; an IPv6 host stands in brackets. */
  readonly address: string;
  readonly port: number;
  /** Takes no further connection; fulfilled when the last one is closed. */
  readonly close: () => Promise<void>;
  /** Cuts every connection, also one on which nothing was ever said. */
  readonly destroyConnections: () => void;
}

/** What to listen on, and what to do with a connection. */
export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
  readonly log: Log;
  readonly onConnection: (socket: Socket) => void;
}

/**
 * Listens. Rejects with UNAVAILABLE, in one line, when the address can't be bound.
 *
 * grpc-js could listen by itself, but it prints to the console when it fails, and it never lets go of a connection on
 * which no TLS handshake took place.
 */
export function listen({
  host,
  port,
  maxConnections,
  log,
  onConnection,
}: ListenerOptions): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  server.maxConnections = maxConnections;
  server.on('drop', () => log.warn('connection dropped', { maxConnections }));
  return new Promise((resolve, reject) => {
    const onFailure = (error: NodeJS.ErrnoException) => reject(cannotListen(host, port, error));
    server.once('error', onFailure);
    server.listen({ host, port }, () => {
      server.off('error', onFailure);
      server.on('error', (error: NodeJS.ErrnoException) => log.error('accept failed', { code: error.code }));
      const bound = server.address();
      if (bound === null || typeof bound === 'string')
        throw new TypeError('a TCP server has an address and a port');
      resolve({
        address: hostAndPort(bound),
        port: bound.port,
        close: () => new Promise((closed) => void server.close(() => closed())),
        destroyConnections: () => {
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });
}

function hostAndPort({ address, port }: Pick<AddressInfo, 'address' | 'port'>): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop what listens there, or choose another port',
  EADDRNOTAVAIL: 'this machine has no such address; choose one that it has',
  EACCES: 'this port needs a privilege; choose one above 1023',
  ENOTFOUND: 'the name is unknown; choose another one, or an address',
};

function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): SchedulingError {
  const code = error.code ?? error.name;
  const reason = REMEDIES[code] ?? error.message;
  return new SchedulingError(
    'UNAVAILABLE',
    `cannot listen on ${hostAndPort({ address: host, port })}: ${reason} (${code})`,
    { cause: error },
  );
}
