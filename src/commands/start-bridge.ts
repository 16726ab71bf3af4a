import { createBridge, type BridgeOptions } from '../bridge/bridge.js';
import { startXmlRpcServer, type XmlRpcServer } from '../bridge/server.js';
import type { Config } from '../config/schema.js';
import type { PolicyUnitService } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { CommandError } from './io.js';

/** Options of the bridge. */
export interface BridgeParts extends Pick<BridgeOptions, 'followCall' | 'tracing' | 'log' | 'metrics'> {
  /** Answers; its calls may have to wait, since the bridge listens before anything else. The bridge itself logs its failures. */
  readonly service: PolicyUnitService;
}

/** A bridge that listens. */
export interface RunningBridge extends XmlRpcServer {
  /** Answers the requests from now on by this configuration; its listener keeps the one that it began with. */
  readonly configure: (config: Config) => void;
}

/** Time that a `discover` may take beyond the services below it, in milliseconds. */
const DISCOVER_SLACK_MS = 5000;

/**
 * Starts to listen for the engine, whose connect timeout is 100 ms. Calls wait for the service within their budget. Rejects
 * with a CommandError when the address can't be bound.
 */
export async function startBridge(
  config: Config,
  { service, followCall, tracing, log, metrics }: BridgeParts,
): Promise<RunningBridge> {
  const { listen, maxConcurrentRequests, rows, scores } = config.bridge;
  const { configure, dispatch, requestEnded, connectionLost } = createBridge({
    ...settingsOf(config),
    ...{ service, followCall, tracing, log, metrics },
  });
  try {
    const server = await startXmlRpcServer({
      listen,
      maxConcurrentRequests,
      dispatch,
      log,
      onRequestEnd: requestEnded,
      onConnectionLost: connectionLost,
    });
    log.info('bridge listening', { address: server.address, rows, scores });
    return { ...server, configure: (next) => configure(settingsOf(next)) };
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    throw new CommandError(`bridge.listen: ${error.message}`);
  }
}

function settingsOf({ bridge, composite }: Config): Pick<BridgeOptions, 'settings' | 'discoverBudgetMs'> {
  return { settings: bridge, discoverBudgetMs: composite.discoverBudget + DISCOVER_SLACK_MS };
}
