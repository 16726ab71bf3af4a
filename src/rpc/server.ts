import { randomUUID } from 'node:crypto';
import { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { PolicyUnitService } from '../domain/contract.js';
import type { Log } from '../process/log.js';
import { createAdmission } from './admission.js';
import { DEFAULT_RPC_LIMITS, resolveLimits, type RpcLimits } from './limits.js';
import { listen } from './listener.js';
import type { EndedCall } from './method-context.js';
import { createPolicyUnitMethods, servedMethods } from './policy-unit-methods.js';
import { POLICY_UNIT_SERVICE } from './proto.js';
import { createReflection } from './reflection.js';
import { serverCredentials, type ServerTls } from './tls.js';

/** How long answers that are written may take to leave once the last call has ended, when a stream stays open. */
const FLUSH_MS = 200;

/** What to serve, and how. */
export interface RpcServerOptions {
  readonly service: PolicyUnitService;
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Absent: plain text. */
  readonly tls?: ServerTls;
  readonly limits?: Partial<RpcLimits>;
  readonly log: Log;
  /** Tells the time, milliseconds since the epoch, and measures calls; Date and `performance` by default. */
  readonly clock?: { readonly now: () => number };
  /** Makes the id of a request that brings none; a random UUID by default. */
  readonly makeRequestId?: () => string;
  /** Called at the end of each call of the service, also of one that was refused. Must not throw. */
  readonly onCallEnd?: (ended: EndedCall) => void;
}

/** A server that is listening. */
export interface RpcServer {
  /** The address really bound, as `host:port`. */
  readonly address: string;
  readonly port: number;
  /** Sets the health of the server and of its service. It begins as NOT_SERVING. */
  readonly setServing: (serving: boolean) => void;
  /**
   * Shuts down: health turns NOT_SERVING, new calls are refused, calls in flight end. Fulfilled when they have, and after
   * `graceMs` at the latest; what is still open then is cut. Later calls wait for the first one.
   */
  readonly close: (graceMs: number) => Promise<void>;
}

/**
 * Serves a PolicyUnitService over gRPC, with reflection (v1 and v1alpha) and grpc.health.v1. Rejects with a
 * SchedulingError when the address can't be bound, or when the limits or the TLS files are wrong.
 */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const limits = resolveLimits(DEFAULT_RPC_LIMITS, options.limits);
  const admission = createAdmission(limits.maxConcurrentCalls);
  const server = new Server({
    'grpc.max_receive_message_length': limits.maxReceiveBytes,
    'grpc.max_concurrent_streams': limits.maxConcurrentStreams,
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 20_000,
    'grpc.enable_channelz': 0,
  });
  const methods = createPolicyUnitMethods(options.service, limits, {
    admission,
    log: options.log,
    clock: options.clock ?? Date,
    steady: options.clock ?? performance,
    makeRequestId: options.makeRequestId ?? randomUUID,
    onCallEnd: options.onCallEnd ?? (() => undefined),
  });
  server.addService(servedMethods, methods);
  createReflection().addToServer(server);
  const health = new HealthImplementation();
  health.addToServer(server);
  setServing(false);

  const injector = server.createConnectionInjector(serverCredentials(options.tls));
  const listener = await listen({
    ...options.listen,
    maxConnections: limits.maxConnections,
    log: options.log,
    onConnection: (socket) => injector.injectConnection(socket),
  });
  let closed: Promise<void> | undefined;

  function setServing(serving: boolean): void {
    for (const name of ['', POLICY_UNIT_SERVICE]) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  }

  async function close(graceMs: number): Promise<void> {
    setServing(false);
    const drained = listener.close();
    const idle = admission.close();
    const cut = new AbortController();
    // Lets each connection close after its last call. Its callback is not to be trusted: from Node 24 on it does not wait
    // for the calls in flight.
    server.tryShutdown(() => undefined);
    // A health Watch or a silent connection stays open for ever, and isn't worth waiting for.
    const flushed = idle.then(() => delay(FLUSH_MS, cut.signal));
    await Promise.race([drained, flushed, delay(graceMs, cut.signal)]);
    cut.abort();
    server.forceShutdown();
    listener.destroyConnections();
  }

  return {
    address: listener.address,
    port: listener.port,
    setServing: (serving) => {
      if (closed === undefined) setServing(serving);
    },
    close: (graceMs) => (closed ??= close(graceMs)),
  };
}

function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return;
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => clearTimeout(timer));
  });
}
