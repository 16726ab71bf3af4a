import type { RequestEnd } from '../bridge/http-exchange.js';
import { startXmlRpcServer, type XmlRpcServer, type XmlRpcServerOptions } from '../bridge/http-server.js';
import type { BridgeOptions } from '../bridge/bridge-options.js';
import { createRefusalLog } from '../bridge/refusal-log.js';
import { createBridge } from '../bridge/service.js';
import { formatAddress } from '../lib/address.js';
import type { Config } from '../config/schema.js';
import type { PolicyUnitService } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import type { Metrics } from '../process/metrics.js';
import { CommandError } from './io.js';
import { whenThere } from './when-there.js';

/** What the bridge is started with. */
export interface BridgeParts {
  /** The service that answers, once it is there: the bridge listens before anything else. The bridge itself logs its failures. */
  readonly service: Promise<PolicyUnitService>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'schedulingLockHeld' | 'unitFailed' | 'bridgeRequestEnded'>;
}

/** What the engine calls while it holds the scheduling lock of a cluster (SchedulingManager.schedule). */
const HOLDS_LOCK: ReadonlySet<string> = new Set(['runFilters', 'runCostFunctions', 'runLoadBalancing']);

/** How much longer than the services below it a `discover` may take, in milliseconds. */
const DISCOVER_SLACK_MS = 5000;

/**
 * Starts to listen for the engine, whose connect timeout is 100 ms. Calls wait for the service within their budget. Rejects
 * with a CommandError when the address can't be bound.
 */
export async function startBridge(
  config: Config,
  { service, log, metrics }: BridgeParts,
): Promise<XmlRpcServer> {
  const { listen, budget, rows, scores } = config.bridge;
  const bridge = createBridge({
    service: whenThere(service),
    rows,
    scores,
    budgetMs: budget,
    discoverBudgetMs: config.composite.discoverBudget + DISCOVER_SLACK_MS,
    marginMs: config.bridge.answerMargin,
    limits: bridgeLimitsOf(config),
    log,
    onUnitFailure: ({ unit, code }) => metrics.unitFailed(unit, code),
    onCallEnd({ method, outcome, seconds }) {
      if (HOLDS_LOCK.has(method)) metrics.schedulingLockHeld(method, outcome, seconds);
    },
  });
  const logRefusal = createRefusalLog({ log });
  service.then(bridge.warm, () => undefined);
  try {
    const server = await startXmlRpcServer({
      listen,
      log,
      limits: serverLimitsOf(config),
      dispatch: bridge.dispatch,
      onRequestEnd(end) {
        requestEnded(end, bridge.methods, metrics);
        logRefusal(end);
      },
    });
    log.info('bridge listening', { address: server.address, rows, scores });
    return server;
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    throw new CommandError(`bridge.listen: ${formatAddress(listen)}: ${error.message}`);
  }
}

/** Counts a request; one that ended before its call was dispatched held the lock too, if it was the engine's. */
function requestEnded(
  { isDispatched, method: name, status, faultCode, durationMs }: RequestEnd,
  methods: ReadonlySet<string>,
  metrics: BridgeParts['metrics'],
): void {
  const method = name !== undefined && methods.has(name) ? name : undefined;
  metrics.bridgeRequestEnded({ method, status, faultCode });
  if (isDispatched || faultCode === undefined || method === undefined || !HOLDS_LOCK.has(method)) return;
  metrics.schedulingLockHeld(method, 'fault', durationMs / 1000);
}

function bridgeLimitsOf({ bridge }: Config): NonNullable<BridgeOptions['limits']> {
  return {
    maxMessages: bridge.maxMessages,
    maxMessageLength: bridge.maxMessageLength,
    maxDescriptionLength: bridge.maxDescriptionLength,
    maxPatternLength: bridge.maxPatternLength,
    directionsTimeoutMs: bridge.directionsTimeout,
    directionsMaxAgeMs: bridge.directionsMaxAge,
    directionsIntervalMs: bridge.directionsInterval,
    failureLogIntervalMs: bridge.failureLogInterval,
    maxLoggedFailures: bridge.maxLoggedFailures,
    maxHostIds: bridge.maxHostIds,
    maxUnits: bridge.maxUnits,
    maxUnitNameLength: bridge.maxUnitNameLength,
    maxProperties: bridge.maxProperties,
    maxPropertyKeyLength: bridge.maxPropertyKeyLength,
    maxPropertyValueLength: bridge.maxPropertyValueLength,
  };
}

function serverLimitsOf({ bridge }: Config): NonNullable<XmlRpcServerOptions['limits']> {
  return {
    maxBodyBytes: bridge.maxBodySize,
    maxDepth: bridge.maxDepth,
    maxElements: bridge.maxElements,
    maxTextLength: bridge.maxTextLength,
    maxNameLength: bridge.maxNameLength,
    maxNamespaces: bridge.maxNamespaces,
    maxConnections: bridge.maxConnections,
    maxConcurrentRequests: bridge.maxConcurrentRequests,
    backlog: bridge.backlog,
    headersTimeoutMs: bridge.headersTimeout,
    requestTimeoutMs: bridge.requestTimeout,
    sendTimeoutMs: bridge.sendTimeout,
    idleTimeoutMs: bridge.idleTimeout,
    lingerMs: bridge.linger,
  };
}
