import type { InventorySettings } from '../config/sections.js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { InventoryFeed } from '../domain/inventory-feed.js';
import type { FollowCall } from '../domain/inventory.js';
import type { Inventory, Snapshot, Vm } from '../domain/snapshot.js';
import { runWithin } from '../lib/deadline.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { EngineClient } from './engine-client.js';
import { createEventFollower } from './event-follower.js';
import { createFeed } from './feed.js';
import { createRefresher, type InventoryListeners, type InventoryState } from './refresher.js';
import { createPredictor } from './predictor.js';
import { createReservations, type PredictionEnd, type Reservations } from './reservations.js';
import { createSnapshotReader } from './snapshot-reading.js';
import { createUnknownHosts, HOST_WAIT_SHARE } from './unknown-hosts.js';
import { createVmLookup } from './vm-lookup.js';
import { createVmPool } from './vm-pool.js';

/** Options of an inventory. */
export interface InventoryOptions extends InventoryListeners {
  readonly settings: InventorySettings;
  /** Owned by the caller, who closes it after the inventory. */
  readonly client: Omit<EngineClient, 'configure' | 'close'>;
  readonly log: Log;
  /** Called with the end of each prediction. Must not throw. */
  readonly onPredictionEnd?: ((end: PredictionEnd) => void) | undefined;
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
  /** Takes over other settings. Everything is read anew, while the snapshot and what is reserved stay. */
  readonly configure: (settings: InventorySettings) => void;
  /** Waits for the first snapshot. Rejects with the failure of the first reading. */
  readonly ready: () => Promise<Snapshot>;
  /** Returns why there is no snapshot that is fresh enough, if there is none. */
  readonly problem: () => string | undefined;
  readonly state: () => InventoryState;
  readonly reservations: Pick<Reservations, 'reserve' | 'release' | 'list'>;
  /** Predicts from the answers to an engine where VMs are, until they show there. */
  readonly followCall: FollowCall;
  /** Ends all predictions. */
  readonly dropPredictions: () => void;
  /** The inventory as replicas follow it. */
  readonly feed: InventoryFeed;
  /** Cancels readings, look-ups and timers. The client stays open. */
  readonly close: () => Promise<void>;
}

/** Creates an inventory that reads nothing before it is started. */
export function createInventory(options: InventoryOptions): EngineInventory {
  const { client, log, clock = Date, steady = performance, after = nodeAfter } = options;
  const settings = { ...options.settings };
  const pool = createVmPool();
  const reservations = createReservations({
    clock,
    steady,
    onPredictionEnd(vmId, end) {
      if (end !== 'dropped') predictor.unfollow(vmId);
      options.onPredictionEnd?.(end);
    },
    onChange: (vmId, kept) => feed.reserved(vmId, kept),
  });
  const read = createSnapshotReader({ client, pool, log, clock, steady });
  const follower = createEventFollower({
    ...{ client, pool, settings, log, clock, steady, after },
    onVmGone(vmId, began) {
      reservations.vmGone(vmId, began);
      feed.vmGone(vmId);
    },
  });
  const refresher = createRefresher({
    ...options,
    settings,
    read,
    follower,
    steady,
    after,
    random: options.random ?? Math.random,
    log,
    onUpdate(update) {
      reservations.listingRead(update.snapshot, update.began);
      feed.update(update);
      options.onUpdate?.(update);
    },
  });
  const feed = createFeed({
    current: refresher.current,
    listReservations: reservations.list,
    steady,
    use: follower.use,
  });

  async function readVm(id: string, signal: AbortSignal, requestId: string): Promise<Vm | undefined> {
    const record = await client.getVm(id, signal, requestId);
    log.debug('vm looked up', { requestId, vm: id, found: record !== undefined });
    return record && pool.lookedUp(record);
  }

  const lookup = createVmLookup({ get: readVm, settings, steady, after });
  const predictor = createPredictor({
    ...{ reservations, current: refresher.current, findVm: lookup.find, readVm },
    // Its event may have been missed.
    onSeen(vmId) {
      if (settings.eventInterval > 0) follower.readNext(vmId);
    },
    ...{ settings, clock, steady, after },
  });

  const isWorthReading = createUnknownHosts(steady, refresher.hasReadSince);

  /**
   * Reads in the background, and waits for a small share of the call's time, or not at all when the last reading took longer.
   * Resolves to true if the reading has ended.
   */
  async function lookAgain({ signal, deadline, forEngine = false }: Call): Promise<boolean> {
    const reading = refresher.refreshOnDemand(forEngine);
    const ms = Math.min(settings.lookupTimeout, (deadline - clock.now()) * HOST_WAIT_SHARE);
    if (reading === undefined || ms <= 0 || refresher.lastDuration() > ms) return false;
    const late = new SchedulingError('DEADLINE_EXCEEDED', 'the reading takes longer');
    try {
      await runWithin(() => reading, { signal, ms, after, late: () => late });
      return true;
    } catch (thrown) {
      if (thrown === late) return false;
      throw SchedulingError.from(thrown);
    }
  }

  return {
    current: refresher.current,
    async refreshed(hostIds, call) {
      if (call.signal.aborted) throw SchedulingError.from(call.signal.reason);
      const looked = !isWorthReading(hostIds) || refresher.isRecent() || (await lookAgain(call));
      return { snapshot: refresher.current(), looked: looked && refresher.state().failures === 0 };
    },
    findVm: lookup.find,
    withReservations: reservations.countedIn,
    reservations,
    use: follower.use,
    followCall: predictor.callCame,
    dropPredictions() {
      predictor.unfollowAll();
      reservations.dropPredictions();
    },
    start: refresher.start,
    configure(next) {
      Object.assign(settings, next);
      refresher.configured();
    },
    ready: refresher.ready,
    problem: refresher.problem,
    state: refresher.state,
    feed,
    async close() {
      predictor.close();
      feed.close();
      lookup.close();
      await refresher.close();
    },
  };
}
