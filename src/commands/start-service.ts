import { ConfigError } from '../config-sources.js';
import { formatAddress } from '../config-values.js';
import type { Config } from '../config.js';
import { SchedulingError } from '../errors.js';
import { createLifecycle } from '../lifecycle.js';
import type { Log } from '../log.js';
import { createMetrics } from '../metrics.js';
import { observe } from '../observe.js';
import { startOpsServer, type Readiness } from '../ops-server.js';
import { createPolicyService } from '../policy/service.js';
import { units } from '../policy/units/index.js';
import { startRpcServer, type RpcServer, type RpcServerOptions } from '../rpc/server.js';
import type { Snapshot } from '../snapshot.js';
import { CommandError } from './io.js';
import { openEngineClient, openInventory } from './open-engine.js';
import { readConfiguredFile } from './read-file.js';

/** A scoring service that runs. */
export interface RunningService {
  /** Where gRPC is served, as host:port. */
  readonly address: string;
  /** The first snapshot, once there is one; the engine may be away for long before. */
  readonly firstSnapshot: Promise<Snapshot>;
  /** Stops everything, in reverse order, within a bounded time. */
  readonly stop: () => Promise<void>;
}

/** What each part may take to stop beyond the time that calls in flight have, in milliseconds. */
export const STOP_STEP_SLACK_MS = 3000;

/**
 * Starts the scoring service: probes and metrics, then the gRPC server, NOT_SERVING, then the inventory, whose first
 * snapshot turns it to SERVING. Rejects with one clear line when something can't be started; what was started is stopped.
 */
export async function startService(config: Config, log: Log): Promise<RunningService> {
  const lifecycle = createLifecycle({ log, stepTimeoutMs: config.shutdownGrace + STOP_STEP_SLACK_MS });
  try {
    const metrics = createMetrics(units.map(({ name }) => name));
    const client = openEngineClient(config, log);
    let stopping = false;
    let readiness: Readiness = { ready: false, reason: 'no snapshot of the engine yet' };
    let resolveFirst: (snapshot: Snapshot) => void = () => undefined;
    const firstSnapshot = new Promise<Snapshot>((resolve) => {
      resolveFirst = resolve;
    });
    const inventory = openInventory(config, client, log, {
      metrics,
      onAvailability(available, reason = 'no fresh snapshot of the engine') {
        if (!stopping) readiness = available ? { ready: true } : { ready: false, reason };
        server.setServing(available);
        if (available) resolveFirst(inventory.current());
      },
    });
    metrics.watchInventory(() => {
      const { snapshotTime, hosts, vms } = inventory.state();
      return { snapshotTime, hosts, runningVms: vms };
    });
    const service = createPolicyService({ units, inventory, log });

    // Stopped in reverse: callers first, then what answers them.
    lifecycle.onStop('engine client', () => client.close());
    lifecycle.onStop('inventory', () => inventory.close());
    if (config.ops.enabled) {
      const ops = await startOps(config, () => readiness, metrics);
      lifecycle.onStop('ops server', ops.close);
      log.info('ops server listening', { address: formatAddress({ ...config.ops.listen, port: ops.port }) });
    }
    const server = await startServer({
      service: observe(service, { log, metrics }),
      listen: config.server.listen,
      ...tlsOf(config),
      limits: limitsOf(config),
      log,
      onCallEnd: ({ method, code, durationMs }) => metrics.callEnded(method, code, durationMs / 1000),
    });
    lifecycle.onStop('grpc server', () => {
      stopping = true;
      readiness = { ready: false, reason: 'stopping' };
      return server.close(config.shutdownGrace);
    });
    log.info('grpc server listening', {
      address: server.address,
      tls: config.server.tlsCertFile !== undefined,
    });
    inventory.start();
    return { address: server.address, firstSnapshot, stop: lifecycle.stop };
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

/** Starts the gRPC server. Rejects with an error that names the setting at fault. */
export async function startServer(options: RpcServerOptions): Promise<RpcServer> {
  try {
    return await startRpcServer(options);
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    if (error.code === 'UNAVAILABLE') throw new CommandError(`server.listen: ${error.message}`);
    throw new ConfigError(`server.tlsCertFile, server.tlsKeyFile, server.tlsClientCaFile: ${error.message}`);
  }
}

/** Starts probes and metrics. Rejects with an error that names the setting at fault. */
export async function startOps(
  config: Config,
  readiness: () => Readiness,
  metrics: ReturnType<typeof createMetrics>,
) {
  try {
    return await startOpsServer({ listen: config.ops.listen, readiness, metrics });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`ops.listen: can't listen on ${formatAddress(config.ops.listen)}: ${reason}`);
  }
}

/** The TLS files of the gRPC server; none: plain text. */
export function tlsOf({ server }: Config): Pick<RpcServerOptions, 'tls'> {
  const { tlsCertFile, tlsKeyFile, tlsClientCaFile } = server;
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return {};
  return {
    tls: {
      cert: readConfiguredFile('server.tlsCertFile', tlsCertFile),
      key: readConfiguredFile('server.tlsKeyFile', tlsKeyFile),
      ...(tlsClientCaFile === undefined
        ? {}
        : { clientCa: readConfiguredFile('server.tlsClientCaFile', tlsClientCaFile) }),
    },
  };
}

/** What a request to the gRPC server may hold, and how many it takes. */
export function limitsOf({ server }: Config): NonNullable<RpcServerOptions['limits']> {
  return {
    maxHostIds: server.maxHostIds,
    maxUnits: server.maxUnits,
    maxProperties: server.maxProperties,
    maxPropertyKeyLength: server.maxPropertyKeyLength,
    maxPropertyValueLength: server.maxPropertyValueLength,
    maxAssumedPlacements: server.maxAssumedPlacements,
    maxReceiveBytes: server.maxMessageSize,
    maxConcurrentCalls: server.maxConcurrentCalls,
    maxConcurrentStreams: server.maxConcurrentStreams,
    maxConnections: server.maxConnections,
  };
}
