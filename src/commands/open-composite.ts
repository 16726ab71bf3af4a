import type { Member } from '../composite/member.js';
import { createComposite, type Composite } from '../composite/service.js';
import { ConfigError } from '../config/load.js';
import type { ServiceConfig } from '../config/services.js';
import type { Config } from '../config/schema.js';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import type { Metrics } from '../process/metrics.js';
import type { RpcClient } from '../rpc/client.js';
import { openRegistry } from './open-registry.js';
import { openServiceClient } from './open-service-client.js';

/** What the composite is opened with. */
export interface CompositeParts {
  /** What answers in this process, before the services. */
  readonly members: readonly Member[];
  readonly services: readonly ServiceConfig[];
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'serviceCalled' | 'breakerChanged'>;
}

/** The composite, and what it was opened with. */
export interface OpenComposite extends Omit<Composite, 'close'> {
  readonly close: () => Promise<void>;
}

/**
 * Opens what answers in this process, and these services, as one. Nothing is asked before it is started. Throws a
 * ConfigError for a service that can't be called as configured.
 */
export async function openComposite(
  config: Config,
  { members, services, log, metrics }: CompositeParts,
): Promise<OpenComposite> {
  const clients = services.map((service, index) => ({ service, client: openServiceClient(service, index) }));
  const registry = await openRegistry(config, log);
  try {
    const composite = createComposite({
      members: [...members, ...clients.map(({ service, client }) => memberOf(service, client))],
      settings: config.composite,
      store: registry.store,
      log,
      onMemberCall: ({ service, method, code, durationMs }) =>
        metrics.serviceCalled(service, method, code, durationMs / 1000),
      onBreakerChange: ({ service, state }) => metrics.breakerChanged(service, state),
    });
    registry.serve(composite.edit);
    for (const { service } of clients) metrics.breakerChanged(service.name, 'closed');
    return {
      ...composite,
      async close() {
        composite.close();
        await registry.close();
        for (const { client } of clients) client.close();
      },
    };
  } catch (error) {
    await registry.close();
    for (const { client } of clients) client.close();
    throw error instanceof SchedulingError ? new ConfigError(`services: ${error.message}`) : error;
  }
}

function memberOf({ name, deadline, units, rename }: ServiceConfig, client: RpcClient): Member {
  return {
    name,
    service: client,
    inventory: client,
    remote: true,
    deadlineMs: deadline,
    onConnected: client.onConnected,
    ...(units === undefined ? {} : { units }),
    ...(rename === undefined ? {} : { renames: new Map(Object.entries(rename)) }),
  };
}
