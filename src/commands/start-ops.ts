import { formatAddress } from '../lib/address.js';
import type { Config } from '../config/schema.js';
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
    log.info('ops server listening', { address: formatAddress({ ...ops.listen, port: server.port }) });
    return server;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`ops.listen: can't listen on ${formatAddress(ops.listen)}: ${reason}`);
  }
}
