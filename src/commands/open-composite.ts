import { openCatalogueFile } from '../composite/catalogue-file.js';
import type { Member } from '../composite/member.js';
import { createComposite, type Composite } from '../composite/service.js';
import { ConfigError } from '../config/load.js';
import type { ServiceConfig } from '../config/services.js';
import type { Config } from '../config/schema.js';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import type { Metrics } from '../process/metrics.js';
import type { RpcClient } from '../rpc/client.js';
import { openServiceClient } from './open-service-client.js';

/** What the composite is opened with. */
export interface CompositeParts {
  /** What answers in this process, before the services. */
  readonly members: readonly Member[];
  readonly services: readonly ServiceConfig[];
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'serviceCalled' | 'breakerChanged'>;
}

/**
 * Opens what answers in this process, and these services, as one. Nothing is asked before it is started. Throws a
 * ConfigError for a service that can't be called as configured, and for two that are known to offer the same unit.
 */
export async function openComposite(
  config: Config,
  { members, services, log, metrics }: CompositeParts,
): Promise<Composite> {
  const clients = services.map((service, index) => ({
    service,
    client: openServiceClient(service, index),
  }));
  const { file, maxSize } = config.catalogue;
  const { maxDepth, maxUnits, breakerFailures, ...times } = config.composite;
  try {
    const composite = createComposite({
      members: [...members, ...clients.map(({ service, client }) => memberOf(service, client))],
      catalogue: await openCatalogueFile({
        path: file,
        log,
        maxBytes: maxSize,
        syncTimeoutMs: times.syncTimeout,
      }),
      limits: {
        maxDepth,
        maxUnits,
        breakerFailures,
        breakerPauseMs: times.breakerPause,
        maxBreakerPauseMs: times.maxBreakerPause,
        relistIntervalMs: times.relistInterval,
        listRetryMs: times.listRetry,
        maxListRetryMs: times.maxListRetry,
        listTimeoutMs: times.listTimeout,
        discoverBudgetMs: times.discoverBudget,
        patientListingMs: times.patientListing,
        answerMarginMs: times.answerMargin,
      },
      log,
      onMemberCall: ({ service, method, code, durationMs }) =>
        metrics.serviceCalled(service, method, code, durationMs / 1000),
      onBreakerChange: ({ service, state }) => metrics.breakerChanged(service, state),
    });
    for (const { service } of clients) metrics.breakerChanged(service.name, 'closed');
    return {
      ...composite,
      async close() {
        await composite.close();
        for (const { client } of clients) client.close();
      },
    };
  } catch (error) {
    for (const { client } of clients) client.close();
    throw error instanceof SchedulingError ? new ConfigError(`services: ${error.message}`) : error;
  }
}

function memberOf({ name, deadline, units, rename }: ServiceConfig, client: RpcClient): Member {
  return {
    name,
    service: client,
    remote: true,
    deadlineMs: deadline,
    onConnected: client.onConnected,
    ...(units === undefined ? {} : { units }),
    ...(rename === undefined ? {} : { renames: new Map(Object.entries(rename)) }),
  };
}
