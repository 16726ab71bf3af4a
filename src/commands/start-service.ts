import type { XmlRpcServer } from '../bridge/http-server.js';
import { ConfigError } from '../config-sources.js';
import type { Config } from '../config.js';
import type { PolicyUnitService } from '../contract.js';
import { createLifecycle } from '../lifecycle.js';
import type { Log } from '../log.js';
import { createMetrics } from '../metrics.js';
import { observe } from '../observe.js';
import type { Readiness } from '../ops-server.js';
import type { RpcServer } from '../rpc/server.js';
import type { Snapshot } from '../snapshot.js';
import type { Composite } from '../composite/service.js';
import { units } from '../policy/units/index.js';
import { openComposite } from './open-composite.js';
import { openLocal } from './open-local.js';
import { startBridge } from './start-bridge.js';
import { startGrpc } from './start-grpc.js';
import { startOps } from './start-ops.js';

/** Which parts of hostscore a process runs. At least one of `local` and configured services answers. */
export interface ServiceParts {
  /** The policy engine over the configured oVirt engine. */
  readonly local: boolean;
  readonly grpc: boolean;
  /** The XML-RPC server that the oVirt engine calls. */
  readonly bridge: boolean;
}

/** What runs. */
export interface RunningService {
  /** Where gRPC is served, as host:port. */
  readonly address?: string;
  /** Where the oVirt engine calls, as host:port. */
  readonly bridgeAddress?: string;
  /** The first snapshot of the policy engine; absent without one. */
  readonly firstSnapshot?: Promise<Snapshot>;
  /** Rejects when services turn out not to go together; fulfilled when each was asked for its units once. */
  readonly firstListing: Promise<void>;
  /** Stops everything, callers first, within a bounded time. */
  readonly stop: () => Promise<void>;
}

/** What each part may take to stop beyond the time that calls in flight have, in milliseconds. */
const STOP_STEP_SLACK_MS = 3000;

/**
 * Starts hostscore. What is configured is looked at, then the bridge listens, before anything that takes time: an engine
 * waits 100 ms for a connection. Then probes and metrics, the gRPC server, NOT_SERVING, then what answers. Rejects with one clear line when something can't be started; what was
 * started is stopped.
 */
export async function startService(config: Config, log: Log, parts: ServiceParts): Promise<RunningService> {
  const lifecycle = createLifecycle({ log, stepTimeoutMs: config.shutdownGrace + STOP_STEP_SLACK_MS });
  let composite: Composite | undefined = undefined;
  let grpc: RpcServer | undefined = undefined;
  let stopping = false;
  const metrics = createMetrics(
    (name) => composite?.hasUnit(name) ?? (parts.local && units.some((unit) => unit.name === name)),
  );
  const opened = deferred<PolicyUnitService>();
  let bridge: XmlRpcServer | undefined = undefined;
  try {
    // Stopped in reverse: callers first, then what answers them.
    const onChange = () => grpc?.setServing(readiness().ready);
    const local = parts.local ? openLocal(config, { log, metrics, onChange }) : undefined;
    if (local !== undefined) {
      lifecycle.onStop('engine client', local.closeClient);
      lifecycle.onStop('inventory', local.closeInventory);
    }
    if (local === undefined && config.services.length === 0) throw new ConfigError(NOTHING_ANSWERS);
    if (parts.bridge) bridge = await startBridge(config, { service: opened.promise, log, metrics });
    if (config.services.length > 0) {
      composite = await openComposite(config, { local: local?.service, log, metrics });
      composite.onAvailability(onChange);
      lifecycle.onStop('services', composite.close);
    }
    const answering = composite ?? local?.service;
    if (answering === undefined) throw new ConfigError(NOTHING_ANSWERS);

    function readiness(): Readiness {
      if (stopping) return { ready: false, reason: 'stopping' };
      const ofLocal = local?.readiness();
      if (ofLocal?.ready === true || composite?.available() === true) return { ready: true };
      return ofLocal ?? { ready: false, reason: 'no service answers' };
    }

    if (config.ops.enabled) {
      const ops = await startOps(config, { readiness, metrics, log });
      lifecycle.onStop('ops server', ops.close);
    }
    const end = (close: (graceMs: number) => Promise<void>) => () => {
      stopping = true;
      return close(config.shutdownGrace);
    };
    if (parts.grpc) {
      grpc = await startGrpc(config, { service: observe(answering, { log, metrics }), log, metrics });
      lifecycle.onStop('grpc server', end(grpc.close));
    }
    if (bridge !== undefined) lifecycle.onStop('bridge', end(bridge.close));
    opened.resolve(answering);
    local?.start();
    composite?.start();
    onChange();
    return {
      ...(grpc === undefined ? {} : { address: grpc.address }),
      ...(bridge === undefined ? {} : { bridgeAddress: bridge.address }),
      ...(local === undefined ? {} : { firstSnapshot: local.firstSnapshot }),
      firstListing: composite?.firstListing ?? Promise.resolve(),
      stop: lifecycle.stop,
    };
  } catch (error) {
    await bridge?.close(0);
    await lifecycle.stop();
    throw error;
  }
}

const NOTHING_ANSWERS =
  'services: is required without an engine: the scoring services to ask, such as --services name=host:50051';

function deferred<Value>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
