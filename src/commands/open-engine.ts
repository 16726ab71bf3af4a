import { ConfigError } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { SchedulingError } from '../domain/errors.js';
import { createEngineClient, type EngineClient } from '../inventory/engine-client.js';
import type { LoginPauses } from '../inventory/engine-session.js';
import { checkCertificates } from '../lib/certificates.js';
import { reasonOf } from '../lib/text.js';
import { createInventory, type EngineInventory } from '../inventory/inventory.js';
import { createReplica, type Reader, type Replica } from '../inventory/replica.js';
import { followFiles } from '../process/files.js';
import type { Log } from '../process/log.js';
import type { Metrics } from '../process/metrics.js';
import { onlyLine, readConfiguredFile, readPassword, warnOfOpenSecret } from './io.js';

/** Opens a client to the engine that the configuration names. Nothing is sent yet. */
export function openEngineClient({ engine }: Config, log: Log, pauses?: LoginPauses): EngineClient {
  if (engine.url === undefined || engine.username === undefined) {
    throw new ConfigError(
      'engine.url: is required: the address of the engine, such as https://engine.example.com/ovirt-engine, or inventory.from; or pass --demo',
    );
  }
  const { url, username, caFile } = engine;
  const settings = { ...engine, url, username, password: passwordOf(engine) };
  warnOfOpenSecret('engine.passwordFile', engine.passwordFile, log);
  const read = () => readConfiguredFile('engine.caFile', caFile);
  const ca = followFiles(read, authorityOf, { files: [caFile], log });
  try {
    return createEngineClient({ settings, ca, log, pauses });
  } catch (error) {
    if (error instanceof SchedulingError) throw new ConfigError(error.message);
    throw error;
  }
}

/** Opens the inventory over an engine. It reads nothing before it is started. */
export function openInventory(
  { inventory }: Config,
  client: EngineClient,
  log: Log,
  watchers: {
    readonly metrics?: Pick<Metrics, 'refreshed' | 'eventsCounted' | 'healed' | 'predictionEnded'>;
    readonly onAvailability?: (available: boolean, reason?: string) => void;
  } = {},
): EngineInventory {
  return createInventory({
    settings: inventory,
    client,
    log,
    onAvailability: watchers.onAvailability,
    onRefresh: (outcome) => watchers.metrics?.refreshed(outcome),
    onEvents: (lags) => watchers.metrics?.eventsCounted(lags),
    onHealed: (objects) => watchers.metrics?.healed(objects),
    onPredictionEnd: (end) => watchers.metrics?.predictionEnded(end),
  });
}

/** Opens the inventory that follows a reader. Nothing is sent before it is started. */
export function openReplica(
  { inventory }: Pick<Config, 'inventory'>,
  reader: Reader,
  log: Log,
  watchers: {
    readonly metrics?: Pick<Metrics, 'stepTaken'>;
    readonly onAvailability?: (available: boolean, reason?: string) => void;
  } = {},
): Replica {
  return createReplica({
    settings: inventory,
    reader,
    log,
    onAvailability: watchers.onAvailability,
    onStep: (step) => watchers.metrics?.stepTaken(step),
  });
}

/** Returns a function that reads the password; it throws a ConfigError that names the setting, now if it can't be read now. */
function passwordOf({ password, passwordFile }: Config['engine']): () => string {
  if (password !== undefined) {
    const ofVariable = onlyLine('engine.password', 'HOSTSCORE_ENGINE_PASSWORD', password);
    return () => ofVariable;
  }
  if (passwordFile === undefined) throw new ConfigError('engine.passwordFile: is required with engine.url');
  const read = () => readPassword('engine.passwordFile', passwordFile);
  read();
  return read;
}

function authorityOf(pem: string | undefined): string | undefined {
  try {
    if (pem !== undefined) checkCertificates(pem);
  } catch (error) {
    throw new ConfigError(
      `engine.caFile: expected certificates in PEM form (BEGIN CERTIFICATE): ${reasonOf(error)}`,
    );
  }
  return pem;
}
