import type { XmlRpcServer } from '../bridge/server.js';
import { ConfigError } from '../config/load.js';
import { policiesOf } from '../config/policies.js';
import type { ServiceConfig } from '../config/services.js';
import type { Config } from '../config/schema.js';
import type { PolicyUnitService } from '../domain/contract.js';
import { withPolicies } from '../domain/policies.js';
import { createLifecycle } from '../process/lifecycle.js';
import type { Log } from '../process/log.js';
import { createMetrics } from '../process/metrics.js';
import { observe } from '../process/observe.js';
import type { Readiness } from '../process/ops-server.js';
import type { PluginHost } from '../plugins/host.js';
import type { RpcServer } from '../rpc/server.js';
import type { Snapshot } from '../domain/snapshot.js';
import type { Io } from './io.js';
import { openAnswering, type Answering } from './open-answering.js';
import { openLocal } from './open-local.js';
import { openPlugins } from './open-plugins.js';
import { startBridge } from './start-bridge.js';
import { startGrpc } from './start-grpc.js';
import { startOps } from './start-ops.js';

/** Which parts of hostscore a process runs. At least one of `local`, `plugins` and `services` answers. */
export interface ServiceParts {
  /** The policy engine over the configured oVirt engine. */
  readonly local: boolean;
  /** Folder of old Python plugins; undefined: none are hosted. */
  readonly plugins: string | undefined;
  /** The services of the configuration. */
  readonly services: readonly ServiceConfig[];
  readonly grpc: boolean;
  /** The XML-RPC server that the oVirt engine calls. */
  readonly bridge: boolean;
  /** The variables that plugins get. */
  readonly variables: Io['variables'];
}

/** What runs. */
export interface RunningService {
  /** Where gRPC is served, as host:port. */
  readonly address?: string;
  /** Where the oVirt engine calls, as host:port. */
  readonly bridgeAddress?: string;
  /** The first snapshot of the policy engine; absent without one. */
  readonly firstSnapshot?: Promise<Snapshot>;
  /** The host of plugins, once each was imported or could not be; absent without plugins. */
  readonly pluginHost?: Promise<PluginHost>;
  /**
   * Rejects when plugins can't be hosted; fulfilled when each service was asked for its units once.
   */
  readonly firstListing: Promise<unknown>;
  /** Stops everything, callers first, within a bounded time. */
  readonly stop: () => Promise<void>;
}

/** What each part may take to stop beyond the time that calls in flight have, in milliseconds. */
const STOP_STEP_SLACK_MS = 3000;

/**
 * Starts hostscore. What is configured is looked at, then the bridge listens, before anything that takes time: an engine
 * waits 100 ms for a connection. Then probes and metrics, the gRPC server, NOT_SERVING, then what answers. Rejects with
 * one clear line when something can't be started; what was started is stopped.
 */
export async function startService(config: Config, log: Log, parts: ServiceParts): Promise<RunningService> {
  const lifecycle = createLifecycle({ log, stepTimeoutMs: config.shutdownGrace + STOP_STEP_SLACK_MS });
  const opened = deferred<PolicyUnitService>();
  let answering: Answering | undefined = undefined;
  let grpc: RpcServer | undefined = undefined;
  let bridge: XmlRpcServer | undefined = undefined;
  let stopping = false;
  const metrics = createMetrics((name) => answering?.hasUnit(name) === true);
  const onChange = () => grpc?.setServing(readiness().ready);

  function readiness(): Readiness {
    if (stopping) return { ready: false, reason: 'stopping' };
    return answering?.readiness() ?? { ready: false, reason: 'starting' };
  }

  /** Ends a server; its callers are told to go elsewhere first. */
  const end = (close: (graceMs: number) => Promise<void>) => () => {
    stopping = true;
    return close(config.shutdownGrace);
  };

  try {
    // Stopped in reverse: callers first, then what answers them.
    const local = parts.local ? openLocal(config, { log, metrics, onChange }) : undefined;
    if (local !== undefined) {
      lifecycle.onStop('engine client', local.closeClient);
      lifecycle.onStop('inventory', local.closeInventory);
    }
    if (local === undefined && parts.plugins === undefined && parts.services.length === 0) {
      throw new ConfigError(NOTHING_ANSWERS);
    }
    if (parts.bridge) bridge = await startBridge(config, { service: opened.promise, log, metrics });
    const plugins =
      parts.plugins === undefined
        ? undefined
        : openPlugins(config, parts.plugins, { log, variables: parts.variables });
    if (plugins !== undefined) lifecycle.onStop('plugins', plugins.close);
    answering = await openAnswering(config, { ...parts, local, plugins, log, metrics, onChange });
    lifecycle.onStop('services', answering.close);
    if (config.ops.enabled) {
      const ops = await startOps(config, { readiness, metrics, log });
      lifecycle.onStop('ops server', ops.close);
    }
    const { service, inventory } = answering;
    if (parts.grpc) {
      const policies = policiesOf(config.policies);
      const observed = observe(withPolicies(service, policies), { log, metrics, policies });
      grpc = await startGrpc(config, {
        service: observed,
        ...(inventory === undefined ? {} : { inventory }),
        log,
        metrics,
      });
      lifecycle.onStop('grpc server', end(grpc.close));
    }
    if (bridge !== undefined) lifecycle.onStop('bridge', end(bridge.close));
    opened.resolve(service);
    local?.start();
    answering.start();
    onChange();
    return {
      ...(grpc === undefined ? {} : { address: grpc.address }),
      ...(bridge === undefined ? {} : { bridgeAddress: bridge.address }),
      ...(local === undefined ? {} : { firstSnapshot: local.firstSnapshot }),
      ...(plugins === undefined ? {} : { pluginHost: plugins.started }),
      firstListing: Promise.all([answering.firstListing, plugins?.started]),
      stop: lifecycle.stop,
    };
  } catch (error) {
    await bridge?.close(0);
    await lifecycle.stop();
    throw error;
  }
}

const NOTHING_ANSWERS =
  'services: is required without an engine: the scoring services to ask, such as --services name=host:50051; or plugins.dir';

function deferred<Value>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
