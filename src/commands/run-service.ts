import { once } from 'node:events';
import { ConfigError } from '../config-sources.js';
import type { Config } from '../config.js';
import { SchedulingError } from '../errors.js';
import type { Log } from '../log.js';
import { print, type Io } from './io.js';
import { startService, type RunningService, type ServiceParts } from './start-service.js';
import { tryLines } from './try-lines.js';

/**
 * Starts these parts, prints how to try them once they can answer, and stops them when the process is asked to end. Rejects
 * with a ConfigError when services turn out not to go together.
 */
export async function runService(config: Config, parts: ServiceParts, log: Log, io: Io): Promise<void> {
  const service = await startService(config, log, parts);
  try {
    const ended = io.signal.aborted
      ? Promise.resolve(undefined)
      : once(io.signal, 'abort').then(() => undefined);
    const listed = service.firstListing.catch((error: unknown) => {
      throw error instanceof SchedulingError ? new ConfigError(`services: ${error.message}`) : error;
    });
    await Promise.race([announce(config, service, io, ended), listed.then(() => ended)]);
    log.info('stopping');
  } finally {
    await service.stop();
  }
  log.info('stopped');
}

async function announce(
  config: Config,
  service: RunningService,
  io: Io,
  ended: Promise<undefined>,
): Promise<void> {
  const snapshot = await Promise.race([service.firstSnapshot ?? Promise.resolve(undefined), ended]);
  if (!io.signal.aborted) {
    print(
      io,
      ...tryLines({
        ...service,
        tls: config.server.tlsCertFile !== undefined,
        snapshot: snapshot ?? undefined,
      }),
    );
  }
  await ended;
}
