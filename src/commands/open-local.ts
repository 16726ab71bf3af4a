import type { Config } from '../config/schema.js';
import type { PolicyUnitService } from '../domain/contract.js';
import type { InventoryService } from '../domain/inventory.js';
import { createInventoryService } from '../inventory/service.js';
import type { Log } from '../process/log.js';
import type { Metrics } from '../process/metrics.js';
import type { Readiness } from '../process/ops-server.js';
import { createScoringService } from '../scoring/service.js';
import { units } from '../scoring/units/index.js';
import type { Snapshot } from '../domain/snapshot.js';
import { REFRESH_JITTER } from '../inventory/refresher.js';
import { openEngineClient, openInventory } from './open-engine.js';

/** The policy engine of this process, over the inventory of an oVirt engine. */
export interface Local {
  readonly service: PolicyUnitService;
  /** What it knows of the engine's hosts and VMs. */
  readonly inventory: InventoryService;
  readonly readiness: () => Readiness;
  /** The first snapshot, once there is one; the oVirt engine may be away for long before. */
  readonly firstSnapshot: Promise<Snapshot>;
  /** Begins to read the oVirt engine. */
  readonly start: () => void;
  readonly closeInventory: () => Promise<void> | void;
  readonly closeClient: () => Promise<void> | void;
}

/** What the policy engine is opened with. */
export interface LocalParts {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told whenever its readiness has changed. */
  readonly onChange: () => void;
}

/** Opens the policy engine over the configured oVirt engine. Nothing is sent before it is started. */
export function openLocal(config: Config, { log, metrics, onChange }: LocalParts): Local {
  const { balancing } = config;
  const { refreshInterval } = config.inventory;
  const client = openEngineClient(config, log);
  let readiness: Readiness = { ready: false, reason: 'no snapshot of the engine yet' };
  let resolveFirst: (snapshot: Snapshot) => void = () => undefined;
  const firstSnapshot = new Promise<Snapshot>((resolve) => {
    resolveFirst = resolve;
  });
  const inventory = openInventory(config, client, log, {
    metrics,
    onAvailability(available, reason = 'no fresh snapshot of the engine') {
      readiness = available ? { ready: true } : { ready: false, reason };
      if (available) resolveFirst(inventory.current());
      onChange();
    },
  });
  metrics.watchInventory(() => {
    const { snapshotTime, hosts, vms } = inventory.state();
    return { snapshotTime, hosts, runningVms: vms };
  });
  return {
    service: createScoringService({
      units,
      inventory,
      log,
      // An engine that is read seldom is balanced from what there is.
      balancing: {
        ...balancing,
        maxSnapshotAge: Math.max(balancing.maxSnapshotAge, 2 * refreshInterval * (1 + REFRESH_JITTER)),
      },
    }),
    inventory: createInventoryService({ inventory }),
    readiness: () => readiness,
    firstSnapshot,
    start: () => inventory.start(),
    closeInventory: () => inventory.close(),
    closeClient: () => client.close(),
  };
}
