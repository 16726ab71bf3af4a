import type { InventorySettings } from '../config/sections.js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { Inventory, Snapshot } from '../domain/snapshot.js';
import { runWithin } from '../lib/deadline.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { EngineClient } from './engine-client.js';
import { createRefresher, type InventoryListeners, type InventoryState } from './refresher.js';
import { createSnapshotReader } from './snapshot-reading.js';
import { createVmLookup } from './vm-lookup.js';
import { createVmPool } from './vm-pool.js';

/** Time before a call's deadline at which a wait for the engine ends, in ms, so that the answer is in time. */
export const ANSWER_MARGIN = 50;

/** Options of an inventory. */
export interface InventoryOptions extends InventoryListeners {
  readonly settings: InventorySettings;
  /** Owned by the caller, who closes it after the inventory. */
  readonly client: Pick<EngineClient, 'listHosts' | 'listRunningVms' | 'getVm'>;
  readonly log: Log;
  /** Wall clock, for the snapshot's time and the deadlines of calls; `Date` by default. */
  readonly clock?: Clock;
  /** Monotonic clock, for ages and pauses; `performance` by default. */
  readonly steady?: Clock;
  readonly after?: After;
  /** Returns a number from 0 to 1; `Math.random` by default. */
  readonly random?: () => number;
}

/** Inventory that reads an engine in the background. */
export interface EngineInventory extends Inventory {
  /** Starts to read the engine periodically. */
  readonly start: () => void;
  /** Waits for the first snapshot. Rejects with the failure of the first reading. */
  readonly ready: () => Promise<Snapshot>;
  readonly state: () => InventoryState;
  /** Cancels readings, look-ups and timers. The client stays open. */
  readonly close: () => Promise<void>;
}

/** Creates an inventory that reads nothing before it is started. */
export function createInventory(options: InventoryOptions): EngineInventory {
  const { settings, client, log, clock = Date, steady = performance, after = nodeAfter } = options;
  const pool = createVmPool();
  const read = createSnapshotReader({ client, pool, log, clock, steady });
  const refresher = createRefresher({
    settings,
    read,
    steady,
    after,
    random: options.random ?? Math.random,
    log,
    onAvailability: options.onAvailability,
    onRefresh: options.onRefresh,
  });
  const lookup = createVmLookup({
    async get(id, signal, requestId) {
      const record = await client.getVm(id, signal, requestId);
      log.debug('vm looked up', { requestId, vm: id, found: record !== undefined });
      return record && pool.lookedUp(record);
    },
    settings,
    steady,
    after,
  });

  /** Waits for a reading within a call's time. Resolves to false if it takes longer. */
  async function lookAgain(call: Call): Promise<boolean> {
    const ms = Math.min(settings.lookupTimeout, call.deadline - clock.now() - ANSWER_MARGIN);
    const late = new SchedulingError('DEADLINE_EXCEEDED', 'the reading takes longer');
    try {
      const limit = { signal: call.signal, ms: Math.max(0, ms), after, late: () => late };
      await runWithin(() => refresher.refresh(), limit);
      return true;
    } catch (thrown) {
      if (thrown === late) return false;
      throw SchedulingError.from(thrown);
    }
  }

  return {
    current: refresher.current,
    async refreshed(call) {
      if (call.signal.aborted) throw SchedulingError.from(call.signal.reason);
      const ended = !refresher.mayRefresh() || (await lookAgain(call));
      return { snapshot: refresher.current(), looked: ended && refresher.state().failures === 0 };
    },
    findVm: lookup.find,
    start: refresher.start,
    ready: refresher.ready,
    state: refresher.state,
    async close() {
      lookup.close();
      await refresher.close();
    },
  };
}
