import type { Config } from '../config/schema.js';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import type { Metrics } from '../process/metrics.js';
import { startOpsServer, type OpsServer, type Readiness } from '../process/ops-server.js';
import { CommandError } from './io.js';

/** What probes and scrapers are shown. */
export interface OpsParts {
  readonly readiness: () => Readiness;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Starts the server for probes and metrics as configured. Rejects with a CommandError when the address can't be bound. */
export async function startOps({ ops }: Config, { readiness, metrics, log }: OpsParts): Promise<OpsServer> {
  try {
    const server = await startOpsServer({ listen: ops.listen, readiness, metrics });
    log.info('ops server listening', { address: server.address });
    return server;
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    throw new CommandError(`ops.listen: ${error.message}`);
  }
}
