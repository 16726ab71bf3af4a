import { ConfigError } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { SchedulingError } from '../domain/errors.js';
import {
  createEngineClient,
  type EngineClient,
  type EngineClientOptions,
} from '../inventory/engine-client.js';
import { createInventory, type EngineInventory } from '../inventory/inventory.js';
import type { Log } from '../process/log.js';
import type { Metrics } from '../process/metrics.js';
import { readConfiguredFile } from './read-file.js';

/** Opens a client to the engine that the configuration names. Nothing is sent yet. */
export function openEngineClient({ engine }: Config, log: Log): EngineClient {
  if (engine.url === undefined || engine.username === undefined) {
    throw new ConfigError(
      'engine.url: is required: the address of the engine, such as https://engine.example.com/ovirt-engine; or pass --demo',
    );
  }
  const options: EngineClientOptions = {
    url: engine.url,
    credentials: { kind: engine.auth, username: engine.username, password: passwordOf(engine) },
    ca: engine.caFile === undefined ? undefined : readConfiguredFile('engine.caFile', engine.caFile),
    allowPlainHttp: engine.allowPlaintext,
    timeouts: {
      lookup: engine.lookupTimeout,
      connect: engine.connectTimeout,
      secureConnect: engine.tlsTimeout,
      response: engine.responseTimeout,
      idle: engine.idleTimeout,
      request: engine.requestTimeout,
    },
    retry: { limit: engine.retries },
    hostStatistics: engine.hostStatistics,
    statisticsPause: engine.statisticsPause,
    loginPause: { first: engine.loginPause, longest: engine.maxLoginPause },
    limits: {
      maxBodyBytes: engine.maxBodySize,
      maxObjectBytes: engine.maxObjectSize,
      maxObjects: engine.maxObjects,
      maxDepth: engine.maxDepth,
    },
    log,
  };
  try {
    return createEngineClient(options);
  } catch (error) {
    if (error instanceof SchedulingError)
      throw new ConfigError(`engine.url, engine.caFile: ${error.message}`);
    throw error;
  }
}

/** Opens the inventory over an engine. It reads nothing before it is started. */
export function openInventory(
  { inventory }: Config,
  client: EngineClient,
  log: Log,
  watchers: {
    readonly metrics?: Metrics;
    readonly onAvailability?: (available: boolean, reason?: string) => void;
  } = {},
): EngineInventory {
  return createInventory({
    ...inventory,
    client,
    log,
    ...(watchers.onAvailability === undefined ? {} : { onAvailability: watchers.onAvailability }),
    onRefresh: (outcome) => watchers.metrics?.refreshed(outcome),
  });
}

function passwordOf({ password, passwordFile }: Config['engine']): string {
  if (password !== undefined) return password;
  if (passwordFile === undefined) throw new ConfigError('engine.passwordFile: is required with engine.url');
  const content = readConfiguredFile('engine.passwordFile', passwordFile).replace(/\r?\n$/, '');
  if (content === '') throw new ConfigError(`engine.passwordFile: ${passwordFile} is empty`);
  return content;
}
