import { once } from 'node:events';
import type { Config } from '../config/schema.js';
import type { Log } from '../process/log.js';
import { print, type Io } from './io.js';
import { startService, type RunningService, type ServiceParts } from './start-service.js';
import { tryLines } from './try-lines.js';

/** What to print once a service can answer. */
export type Announcement = (service: RunningService) => Promise<readonly string[]>;

/**
 * Starts these parts, prints how to try them once they can answer, and stops them when the process is asked to end. Rejects
 * when plugins can't be hosted.
 */
export async function runService(
  config: Config,
  parts: ServiceParts,
  log: Log,
  io: Io,
  announcement: Announcement = (service) => howToTry(config, service),
): Promise<void> {
  const service = await startService(config, log, parts);
  try {
    const ended = io.signal.aborted
      ? Promise.resolve(undefined)
      : once(io.signal, 'abort').then(() => undefined);
    const announced = Promise.race([announcement(service), ended]).then((lines) => {
      if (!io.signal.aborted && lines !== undefined) print(io, ...lines);
      return ended;
    });
    await Promise.race([announced, service.firstListing.then(() => ended)]);
    log.info('stopping');
  } finally {
    await service.stop();
  }
  log.info('stopped');
}

async function howToTry(config: Config, service: RunningService): Promise<readonly string[]> {
  const snapshot = await service.firstSnapshot;
  return tryLines({ ...service, tls: config.server.tlsCertFile !== undefined, snapshot });
}
