import { createServer, type Socket } from 'node:net';
import { listenOn } from '../process/listen.js';
import type { Log } from '../process/log.js';

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
export async function listen({
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
  const { address, port: bound } = await listenOn(server, { host, port });
  server.on('error', (error: NodeJS.ErrnoException) => log.error('accept failed', { code: error.code }));
  return {
    address,
    port: bound,
    close: () => new Promise((closed) => void server.close(() => closed())),
    destroyConnections: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
