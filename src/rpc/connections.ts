import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { isLoopback, type Address, type SocketPath } from '../lib/address.js';
import type { After, Clock } from '../lib/timers.js';
import { listenOn, type Listening } from '../process/listen.js';
import type { CallKind } from './admission.js';

/**
 * Why a connection was ended by the server: no room for it, ended for another one, no handshake or a failed one, no call in
 * minutes; a message that came or an answer that left too slowly, or a call that ended and was left open.
 */
export type ConnectionEnd =
  'no_room' | 'evicted' | 'handshake' | 'silent' | 'message_late' | 'answer_late' | 'left_open';

/** An open connection. */
export interface Connection {
  readonly callStarted: () => void;
  readonly callEnded: () => void;
  /**
   * Notes that a call waits for its peer, to send its message or to take its answer. `onCut` is called when the connection is
   * cut for another call. Returns a function to be called when the wait ends.
   */
  readonly awaitPeer: (kind: CallKind, onCut: () => void) => () => void;
  /** Closes it at once, with all that was kept for it. */
  readonly cut: (reason: ConnectionEnd) => void;
  /** Peer for messages; undefined for that of a socket of the file system. */
  readonly peer: string | undefined;
  /** Reports whether the peer is of this machine, or showed a certificate of the authority that its clients need. */
  readonly isTrusted: () => boolean;
  /** Reports whether a token may pass: over TLS, or within this machine. */
  readonly isPrivate: () => boolean;
}

/** Address of a connection, by which grpc-js names it. */
export interface ConnectionAddress {
  readonly localAddress?: string | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** The end of a connection, for metrics and a log. */
export interface EndedConnection {
  readonly reason: ConnectionEnd;
  readonly peer: string | undefined;
  /** Code of the error, when a handshake failed. */
  readonly code?: string;
}

/** Options of the connections of a server. */
export interface ConnectionsOptions {
  readonly maxConnections: number;
  /** From a connection's opening to the end of its handshake, in milliseconds. */
  readonly handshakeMs: number;
  /** From then on to its first call, in milliseconds. */
  readonly firstCallMs: number;
  readonly after: After;
  readonly steady: Clock;
  readonly onEnd: (ended: EndedConnection) => void;
}

/** Callbacks of a listener. */
export interface ListenerHandlers {
  /** Called with each connection, after the handshake of TLS if there is one. */
  readonly serve: (socket: Socket) => void;
  /** Called when the system could not accept a connection. */
  readonly onAcceptFailed: (code: string | undefined) => void;
}

/** The connections of a server. */
export interface Connections {
  /** Returns an open connection; undefined for one that has just closed. */
  readonly find: (address: ConnectionAddress) => Connection | undefined;
  /**
   * Cuts the connection of the call of a kind, or of any, that has waited longest for its peer, if that is for
   * {@link SPARED_MS} at least.
   */
  readonly makeRoom: (kind?: CallKind) => void;
  /** Starts to listen; with TLS if there are options for it, which are asked for at each connection. */
  readonly listen: (
    address: Address | SocketPath,
    tls: (() => TlsOptions) | undefined,
    handlers: ListenerHandlers,
  ) => Promise<Listening>;
  /** Stops listening. Resolves when the last connection is closed. */
  readonly close: () => Promise<void>;
  /** Closes all connections at once. */
  readonly destroy: () => void;
}

/**
 * Shortest wait for a peer that costs it its connection when another caller needs the place, in milliseconds: a message is
 * mostly there in less, also from another site.
 */
export const SPARED_MS = 100;

/** A call that waits for its peer. */
interface Stalled {
  readonly kind: CallKind;
  readonly since: number;
  readonly connection: Connection;
  readonly onCut: () => void;
  /** Its index among them; undefined once it waits no longer. */
  place: number | undefined;
}

/**
 * Options of every socket. A peer whose machine is gone is found by TCP: it is probed after a minute of silence, and lost 10 s
 * later. Pings of HTTP/2 would end every stream of a connection whose client was told to connect anew: grpc-js can't send one
 * there, and takes that for a lost connection.
 */
const SOCKET_OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 } as const;

/** Length of the preface of HTTP/2, which a client sends at once. A handshake of TLS is longer. */
const PREFACE_BYTES = 24;

/** An open connection, with what is known of its handshake. */
interface OpenConnection extends Connection {
  readonly socket: Socket;
  isSecured: boolean;
  hasCertificate: boolean;
  /** Code of the error that ended its handshake. */
  failure?: string | undefined;
}

/**
 * Creates the connections of a server, none at first. When there are as many as allowed, the one that was silent for the
 * longest makes room for the next: one that never made a call before one that did, then one whose call waits for its peer. One
 * with another call in flight stays.
 */
export function createConnections(options: ConnectionsOptions): Connections {
  const { maxConnections, handshakeMs, firstCallMs, after, steady, onEnd } = options;
  const open = new Map<string, OpenConnection>();
  // No set: with something added and deleted in each call it makes collecting garbage dear.
  const stalled: Stalled[] = [];
  const withoutCalls = new Set<OpenConnection>();
  const idle = new Set<OpenConnection>();
  let unixConnections = 0;
  let stopListening: () => Promise<void> = () => Promise.resolve();

  /** Counts a connection in. Returns false for one that is closed, since there is no room. */
  function accept(socket: Socket, isTls: boolean): boolean {
    const peer = socket.remoteAddress;
    const key = keyOf(socket);
    let calls = 0;
    const isLocal = () => peer === undefined || isLoopback(peer);
    const connection: OpenConnection = {
      socket,
      peer,
      isSecured: !isTls,
      hasCertificate: false,
      isTrusted: () => connection.hasCertificate || isLocal(),
      isPrivate: () => isTls || isLocal(),
      callStarted() {
        calls++;
        withoutCalls.delete(connection);
        idle.delete(connection);
      },
      callEnded() {
        calls--;
        if (calls === 0 && open.get(key) === connection) idle.add(connection);
      },
      awaitPeer(kind, onCut) {
        const call: Stalled = { kind, since: steady.now(), connection, onCut, place: stalled.length };
        stalled.push(call);
        return () => endWait(call);
      },
      cut(reason) {
        if (!forget()) return;
        socket.destroy();
        onEnd({ reason, peer });
      },
    };
    const [silent] = [...first(withoutCalls), ...first(idle)];
    if (open.size >= maxConnections) {
      if (silent === undefined) makeRoom();
      else silent.cut('evicted');
    }
    if (open.size >= maxConnections) {
      socket.destroy();
      onEnd({ reason: 'no_room', peer });
      return false;
    }
    let stopTimer = after(handshakeMs, () => {
      if (socket.bytesRead < PREFACE_BYTES) connection.cut('handshake');
      else if (withoutCalls.has(connection)) stopTimer = after(firstCallMs, endSilent);
    });
    function endSilent(): void {
      if (withoutCalls.has(connection)) connection.cut('silent');
    }
    /** Counts it out. Returns false if it was before. */
    function forget(): boolean {
      stopTimer();
      withoutCalls.delete(connection);
      idle.delete(connection);
      return open.get(key) === connection && open.delete(key);
    }
    open.set(key, connection);
    withoutCalls.add(connection);
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      // What came was no HTTP/2.
      if (code === 'ERR_HTTP2_ERROR' && withoutCalls.has(connection)) connection.failure = code;
    });
    socket.once('close', () => {
      if (!forget()) return;
      const { failure, isSecured } = connection;
      // Nothing at all came from a probe of the port.
      if (failure === undefined && (isSecured || socket.bytesRead === 0)) return;
      onEnd({ reason: 'handshake', peer, ...(failure === undefined ? {} : { code: failure }) });
    });
    return true;
  }

  function endWait(call: Stalled): void {
    if (call.place === undefined) return;
    const last = stalled.pop();
    if (last !== undefined && last !== call) {
      stalled[call.place] = last;
      last.place = call.place;
    }
    call.place = undefined;
  }

  function makeRoom(kind?: CallKind): void {
    const waiting = stalled.filter((call) => kind === undefined || call.kind === kind);
    const [oldest] = waiting.sort((left, right) => left.since - right.since);
    if (oldest === undefined || steady.now() - oldest.since < SPARED_MS) return;
    oldest.connection.cut('evicted');
    oldest.onCut();
  }

  function createListener(tls: (() => TlsOptions) | undefined, serve: (socket: Socket) => void): Server {
    if (tls === undefined) {
      return createServer(SOCKET_OPTIONS, (socket) => {
        // A connection of a socket of the file system has no address: a number of its own tells it from the others.
        if (socket.remotePort === undefined)
          Object.defineProperty(socket, 'remotePort', { value: --unixConnections });
        if (accept(socket, false)) serve(socket);
      });
    }
    const secured = (socket: TLSSocket) => {
      const connection = open.get(keyOf(socket));
      if (connection !== undefined) {
        connection.isSecured = true;
        connection.hasCertificate = socket.authorized;
      }
      socket.on('error', () => undefined);
      serve(socket);
    };
    let options = tls();
    const listener = createTlsServer(
      { ...options, ...SOCKET_OPTIONS, handshakeTimeout: handshakeMs },
      secured,
    );
    return listener
      .prependListener('connection', () => {
        const now = tls();
        if (now === options) return;
        options = now;
        listener.setSecureContext(now);
      })
      .on('connection', (socket: Socket) => accept(socket, true))
      .on('tlsClientError', ({ code }: NodeJS.ErrnoException, socket) => {
        const connection = open.get(keyOf(socket));
        if (connection !== undefined) connection.failure = code;
        socket.destroy();
      });
  }

  return {
    find: (address) => open.get(keyOf(address)),
    makeRoom,
    async listen(address, tls, { serve, onAcceptFailed }) {
      const listener = createListener(tls, serve);
      const listening = await listenOn(listener, address);
      listener.on('error', ({ code }: NodeJS.ErrnoException) => onAcceptFailed(code));
      stopListening = () => new Promise((closed) => void listener.close(() => closed()));
      return listening;
    },
    close: () => stopListening(),
    destroy() {
      for (const { socket } of open.values()) socket.destroy();
    },
  };
}

function first<Value>(values: ReadonlySet<Value>): Value[] {
  for (const value of values) return [value];
  return [];
}

function keyOf({ localAddress, remoteAddress, remotePort }: ConnectionAddress): string {
  return `${remotePort} ${remoteAddress} ${localAddress}`;
}
