import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { TlsOptions } from 'node:tls';
import { Server, ServerCredentials, status, type ServerOptions } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { ServerSettings } from '../config/sections.js';
import type { PolicyUnitService } from '../domain/contract.js';
import type { DecisionService } from '../domain/decision-service.js';
import { SchedulingError } from '../domain/errors.js';
import type { InventoryService } from '../domain/inventory.js';
import type { Tracing } from '../domain/trace.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { Authorize } from '../process/tokens.js';
import { createAdmission } from './admission.js';
import { admittedCall } from './call-metadata.js';
import { createConnections, type Connection, type ConnectionEnd } from './connections.js';
import { createDecisionMethods } from './decision-methods.js';
import type { EndedCall, MethodContext } from './incoming-call.js';
import {
  CALL_TIMES,
  createInterceptor,
  UNKNOWN_METHOD,
  watchUnknownMethods,
  type CallTimes,
  type HandledCall,
  type Refusal,
} from './interceptor.js';
import { createInventoryMethods, createPolicyUnitMethods, servedAsBytes } from './methods.js';
import type { FeedSource } from './watch-stream.js';
import {
  addReflection,
  decisionMethods,
  inventoryMethods,
  POLICY_UNIT_SERVICE,
  policyUnitMethods,
} from './proto.js';

/**
 * Time that the calls of a connection have beyond its age, in milliseconds: twice the default age. Calls end long before;
 * a stream or a watch ends, and its caller opens another one.
 */
export const CONNECTION_GRACE_MS = 600_000;

/** Most calls in flight on one connection; further ones wait in the client. Half the server's default, so that two callers share it. */
export const MAX_CONCURRENT_STREAMS = 128;

/** Time limits of callers, in milliseconds. */
export interface ServerTimes extends CallTimes {
  /** From a connection's opening to the end of its handshake: a few round trips. */
  readonly handshakeMs: number;
  /** For the first call of a connection. A client that connects ahead of its calls connects again, so that minutes do. */
  readonly firstCallMs: number;
}

/** The time limits of callers. */
export const SERVER_TIMES: ServerTimes = { ...CALL_TIMES, handshakeMs: 10_000, firstCallMs: 300_000 };

/** Time for written answers to be sent after the last call has ended, when a stream stays open. */
const FLUSH_MS = 200;

/** Options of a gRPC server. */
export interface RpcServerOptions {
  readonly service: PolicyUnitService;
  /** InventoryService answers UNIMPLEMENTED by default. */
  readonly inventory?: InventoryService | undefined;
  /** Inventory that Watch streams; none by default. */
  readonly feed?: FeedSource | undefined;
  /** Returns the decisions that are kept at the moment; undefined, or absent: DecisionService answers UNIMPLEMENTED. */
  readonly decisions?: (() => DecisionService | undefined) | undefined;
  readonly settings: Pick<
    ServerSettings,
    | 'listen'
    | 'allowPlaintext'
    | 'maxHostIds'
    | 'maxMessageSize'
    | 'maxConcurrentCalls'
    | 'maxConnections'
    | 'maxConnectionAge'
  >;
  /**
   * Returns the TLS options for a connection that is accepted, the same object while they are the same. Must not throw. Plain
   * text by default.
   */
  readonly tls?: (() => TlsOptions) | undefined;
  /** Checks the tokens of calls; calls need none by default. */
  readonly authorize?: Authorize | undefined;
  readonly log: Log;
  /** Traces calls; nothing is traced by default. */
  readonly tracing?: Tracing | undefined;
  /** Clock for deadlines and durations; Date and `performance` by default. */
  readonly clock?: Clock;
  /** Creates the id of a request without one; a random UUID by default. */
  readonly makeRequestId?: () => string;
  /** Called at the end of each call, even a refused one. Must not throw. */
  readonly onCallEnd?: (ended: EndedCall) => void;
  /** Called at the end of each call of any service, also of one that there is not. Must not throw. */
  readonly onCallHandled?: (call: HandledCall) => void;
  /** Called for each call that is refused before it is computed. Must not throw. */
  readonly onRefused?: (reason: Refusal) => void;
  /** Called for each call that ended before its message was whole. Must not throw. */
  readonly onCallIncomplete?: (method: string) => void;
  /** Called for each connection that the server ended, except for idle ones. Must not throw. */
  readonly onConnectionEnd?: (reason: ConnectionEnd) => void;
  /** {@link SERVER_TIMES} by default. */
  readonly times?: ServerTimes;
  /** Node's own timer by default. */
  readonly after?: After;
}

/** A listening server. */
export interface RpcServer {
  /** The bound address, as `host:port` or `unix:PATH`. */
  readonly address: string;
  /** 0 for a socket of the file system. */
  readonly port: number;
  /** Sets the health of the server and of PolicyUnitService, NOT_SERVING at first. */
  readonly setServing: (serving: boolean) => void;
  /**
   * Shuts down: health turns NOT_SERVING, new calls are refused, and calls in flight have up to `graceMs` to end before they
   * are aborted. Further calls wait for the first one.
   */
  readonly close: (graceMs: number) => Promise<void>;
}

/**
 * Starts a gRPC server of a PolicyUnitService and an InventoryService, with reflection (v1 and v1alpha) and grpc.health.v1.
 * Rejects with a SchedulingError when the address can't be bound.
 */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { settings, log, inventory = NO_INVENTORY, times = SERVER_TIMES, after = nodeAfter } = options;
  const { onCallHandled: onHandled = () => undefined, onRefused = () => undefined } = options;
  const isTrusted = (connection: Connection | undefined, token: string | undefined) =>
    token !== undefined || settings.allowPlaintext || connection?.isTrusted() === true;
  const context: MethodContext = {
    admission: createAdmission(settings.maxConcurrentCalls),
    log,
    clock: options.clock ?? Date,
    steady: options.clock ?? performance,
    after,
    isTrusted,
    expectTrusted(call, method) {
      const { connection, token } = admittedCall(call);
      if (isTrusted(connection, token)) return;
      onRefused('untrusted');
      throw untrusted(method, connection);
    },
    makeRequestId: options.makeRequestId ?? randomUUID,
    onCallEnd: options.onCallEnd ?? (() => undefined),
    tracing: options.tracing,
  };
  const { admission } = context;
  const { maxConnections } = settings;
  const connections = createConnections({
    maxConnections,
    handshakeMs: times.handshakeMs,
    firstCallMs: times.firstCallMs,
    after,
    steady: context.steady,
    onEnd({ reason, ...facts }) {
      options.onConnectionEnd?.(reason);
      // So ends many a client that only connects ahead of its calls.
      if (reason === 'silent') return;
      const isFull = reason === 'no_room' || reason === 'evicted';
      log.warn('connection ended', { reason, ...facts, ...(isFull ? { maxConnections } : {}) }, reason);
    },
  });
  const interceptor = createInterceptor({
    context,
    authorize: options.authorize,
    connections,
    times,
    after,
    onHandled,
    onRefused,
    onIncomplete(method) {
      options.onCallIncomplete?.(method);
      log.warn('call incomplete', { method }, method);
    },
  });
  const server = new Server({
    interceptors: [interceptor],
    'grpc.max_receive_message_length': settings.maxMessageSize,
    'grpc.max_concurrent_streams': MAX_CONCURRENT_STREAMS,
    'grpc.enable_channelz': 0,
    ...ageOptions(settings.maxConnectionAge),
  });
  watchUnknownMethods(server, () => {
    onHandled({ method: UNKNOWN_METHOD, code: status.UNIMPLEMENTED, durationMs: 0 });
    onRefused('unknown_method');
  });
  server.addService(
    servedAsBytes(policyUnitMethods),
    createPolicyUnitMethods(options.service, settings.maxHostIds, context),
  );
  server.addService(
    servedAsBytes(inventoryMethods),
    createInventoryMethods(inventory, options.feed ?? (() => undefined), context),
  );
  server.addService(
    servedAsBytes(decisionMethods),
    createDecisionMethods(options.decisions ?? (() => undefined), context),
  );
  addReflection(server);
  const health = new HealthImplementation();
  health.addToServer(server);
  let isServing: boolean | undefined;
  setServing(false);

  // grpc-js could listen by itself, but prints failures to the console, never closes a connection without a TLS handshake,
  // and tells nobody of one that failed.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const { address, port } = await connections.listen(settings.listen, options.tls, {
    serve: (socket) => injector.injectConnection(socket),
    onAcceptFailed: (code) => log.error('accept failed', { code }, String(code)),
  });
  let closed: Promise<void> | undefined;

  function setServing(serving: boolean): void {
    // Who watches is told of a change, and only of one.
    if (serving === isServing) return;
    isServing = serving;
    for (const name of ['', POLICY_UNIT_SERVICE]) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  }

  async function close(graceMs: number): Promise<void> {
    setServing(false);
    const drained = connections.close();
    const idle = admission.close();
    const cut = new AbortController();
    const pause = (ms: number) => setTimeout(ms, undefined, { signal: cut.signal }).catch(() => undefined);
    // Closes each connection after its last call. The callback is unreliable: from Node 24 on it does not wait for the
    // calls in flight.
    server.tryShutdown(() => undefined);
    // A health Watch or an idle connection stays open forever, and isn't worth waiting for.
    const flushed = idle.then(() => pause(FLUSH_MS));
    await Promise.race([drained, flushed, pause(graceMs)]);
    cut.abort();
    server.forceShutdown();
    connections.destroy();
  }

  return {
    address,
    port,
    setServing: (serving) => {
      if (closed === undefined) setServing(serving);
    },
    close: (graceMs) => (closed ??= close(graceMs)),
  };
}

/** Returns the options of grpc-js for the age of connections, which it varies by a tenth; 0 is no age. */
function ageOptions(maxConnectionAge: number): ServerOptions {
  if (maxConnectionAge === 0) return {};
  return {
    'grpc.max_connection_age_ms': maxConnectionAge,
    'grpc.max_connection_age_grace_ms': CONNECTION_GRACE_MS,
  };
}

function untrusted(method: string, connection: Connection | undefined): SchedulingError {
  return new SchedulingError(
    'PERMISSION_DENIED',
    `${method} is not taken from ${connection?.peer ?? 'there'}: call it on the machine of the server, or with a client certificate (server.tlsClientCaFile) or a token (server.tokensFile), or set server.allowPlaintext at the server`,
  );
}

/** The inventory of a process that reads no engine. */
const NO_INVENTORY: InventoryService = {
  listHosts: refuse,
  listVms: refuse,
  getInventory: refuse,
  reserve: refuse,
  release: refuse,
  listReservations: refuse,
};

function refuse(): Promise<never> {
  return Promise.reject(
    new SchedulingError(
      'UNIMPLEMENTED',
      'no inventory here: this server reads no oVirt engine; ask one that does, or set engine.url',
    ),
  );
}
