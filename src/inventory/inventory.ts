import type { Call } from '../domain/contract.js';
import { INTERNAL_ERROR_TEXT, SchedulingError, type SchedulingErrorCode } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import type { Inventory, Snapshot, Vm } from '../domain/snapshot.js';
import type { EngineClient } from './engine-client.js';
import { createFreshness } from './freshness.js';
import { createGuestReports, MAX_GUEST_REPORTS } from './guest-reports.js';
import { createOddObjects } from './odd-objects.js';
import { createRefresher, type RefreshOutcome, type RefreshTimes } from './refresher.js';
import { readSnapshot } from './snapshot-reading.js';
import { nodeAfter, type After, type Clock } from '../lib/timers.js';
import { createUnchangedVms } from './unchanged-vms.js';
import { createVmLookup, type VmLookupLimits } from './vm-lookup.js';
import { createVmPool, MAX_POOLED } from './vm-pool.js';
import { waitFor } from '../lib/deadline.js';

/** Times and sizes of an inventory. Times in ms. */
export interface InventoryLimits extends RefreshTimes, VmLookupLimits {
  /** Age, counted from the begin of its reading, up to which a snapshot is used. */
  readonly maxStaleness: number;
  /** What is left of a call's time when a wait for the engine ends, so that the answer still arrives. */
  readonly answerMargin: number;
  /** How many VMs' last guest agent reports are kept. */
  readonly maxGuestReports: number;
}

/** Limits that fit an engine with up to 100,000 VMs. */
export const INVENTORY_LIMITS: InventoryLimits = {
  refreshInterval: 30_000,
  refreshJitter: 3_000,
  failurePause: 1_000,
  maxStaleness: 300_000,
  lookupTimeout: 5_000,
  unknownInterval: 1_000,
  vmLookupTtl: 10_000,
  maxVmLookups: 10_000,
  maxConcurrentLookups: 8,
  maxWaitingLookups: 1_000,
  answerMargin: 50,
  maxGuestReports: MAX_GUEST_REPORTS,
};

/** What an inventory is made of. Limits that are left out are those of {@link INVENTORY_LIMITS}. */
export interface InventoryOptions extends Partial<InventoryLimits> {
  /** Stays the caller's: close it after the inventory. */
  readonly client: Pick<EngineClient, 'listHosts' | 'listRunningVms' | 'getVm'>;
  readonly log: Log;
  /** Says what time it is, for the snapshot's time and the deadlines of calls; Date by default. */
  readonly clock?: Clock;
  /** Measures ages and pauses, and never goes back; `performance` by default, or the clock that is given. */
  readonly steady?: Clock;
  readonly after?: After;
  /** A number from 0 to 1; Math.random by default. */
  readonly random?: () => number;
  /** Told when the inventory becomes available and when it no longer is; it begins unavailable. */
  readonly onAvailability?: (available: boolean, reason?: string) => void;
  /** Told how each reading of the engine ended. */
  readonly onRefresh?: (outcome: RefreshOutcome) => void;
}

/** Where an inventory stands, for people and metrics. */
export interface InventoryState {
  readonly available: boolean;
  /** When the reading of the newest snapshot began: milliseconds since the epoch. */
  readonly snapshotTime: number | undefined;
  readonly hosts: number;
  /** VMs of the newest snapshot, which are those that run. */
  readonly vms: number;
  /** Hosts and VMs that the newest snapshot lacks since they could not be understood. */
  readonly skipped: number;
  readonly refreshing: boolean;
  /** Readings that failed since the last one that did not. */
  readonly failures: number;
  readonly lastFailure: { readonly code: SchedulingErrorCode; readonly message: string } | undefined;
}

/** An inventory that is read from an engine in the background. */
export interface EngineInventory extends Inventory {
  /** Begins to read, now and from then on by itself. */
  readonly start: () => void;
  /** The newest snapshot, or how the reading under way ends: a snapshot, or the SchedulingError for which there is none. */
  readonly ready: () => Promise<Snapshot>;
  readonly state: () => InventoryState;
  /** Ends readings, lookups and timers. The client stays open. */
  readonly close: () => Promise<void>;
}

/** Makes an inventory; nothing is read before start(). */
export function createInventory(options: InventoryOptions): EngineInventory {
  const { client, log, clock = Date, after = nodeAfter, random = Math.random } = options;
  const steady = options.steady ?? options.clock ?? performance;
  const limits: InventoryLimits = { ...INVENTORY_LIMITS, ...options };
  const pool = createVmPool(MAX_POOLED);
  const unchangedVms = createUnchangedVms();
  const guestReports = createGuestReports(limits.maxGuestReports);
  const oddObjects = createOddObjects(log);
  let counts = { hosts: 0, vms: 0, skipped: 0 };
  let failures = 0;
  let lastFailure: SchedulingError | undefined;

  const freshness = createFreshness({
    maxStaleness: limits.maxStaleness,
    lastFailure: () => lastFailure,
    onChange(available, reason) {
      if (available) log.info('inventory available', counts);
      else log.warn('inventory unavailable', { reason });
      tell(() => options.onAvailability?.(available, reason));
    },
    clock: steady,
    after,
  });

  const refresher = createRefresher({
    read: (signal) =>
      readSnapshot(
        { client, pool, unchangedVms, guestReports, oddObjects, clock, steady },
        freshness.newest(),
        signal,
      ),
    times: limits,
    clock: steady,
    after,
    random,
    onOutcome(outcome, reading) {
      if (outcome.ok) {
        const { hosts, vms, skipped, durationMs } = outcome;
        counts = { hosts, vms, skipped };
        failures = 0;
        lastFailure = undefined;
        log.debug('engine refreshed', { hosts, vms, skipped, durationMs });
      } else {
        ({ failures, error: lastFailure } = outcome);
        logFailure(log, outcome);
      }
      if (reading !== undefined) freshness.accept(reading.snapshot, reading.began);
      tell(() => options.onRefresh?.(outcome));
    },
  });

  const lookup = createVmLookup({
    async get(id, signal, requestId): Promise<Vm | undefined> {
      const record = await client.getVm(id, signal, requestId);
      log.debug('vm looked up', { requestId, vm: id, found: record !== undefined });
      if (record === undefined) return undefined;
      if (record.guest !== undefined) guestReports.remember(id, record.guest);
      const guest = record.hostId === undefined ? (record.guest ?? guestReports.last(id)) : record.guest;
      return pool.vm(record, guest, undefined);
    },
    limits,
    clock: steady,
    after,
  });

  /** A listener that throws must not end the readings. */
  function tell(listener: () => void): void {
    try {
      listener();
    } catch (thrown) {
      log.error('inventory listener failed', { stack: thrown instanceof Error ? thrown.stack : undefined });
    }
  }

  /** Says whether reading again is in order: one reading a second, and not the whole time where one takes longer. */
  function mayReadAgain(): boolean {
    const last = refresher.last();
    return last === undefined || last.ago < 0 || last.ago >= Math.max(limits.unknownInterval, last.took);
  }

  async function refreshed(call: Call): Promise<{ snapshot: Snapshot; looked: boolean }> {
    if (call.signal.aborted) throw SchedulingError.from(call.signal.reason);
    if (!refresher.underWay() && !mayReadAgain()) return answer();
    const patience = Math.min(limits.lookupTimeout, call.deadline - clock.now() - limits.answerMargin);
    let cancel: () => void = () => undefined;
    let isLate = false;
    const late = new Promise<void>((resolve) => {
      cancel = after(Math.max(0, patience), () => {
        isLate = true;
        resolve();
      });
    });
    try {
      await waitFor(Promise.race([refresher.refresh(), late]), call.signal);
    } catch (thrown) {
      throw SchedulingError.from(thrown);
    } finally {
      cancel();
    }
    return answer(isLate);
  }

  function answer(isLate = false): { snapshot: Snapshot; looked: boolean } {
    return { snapshot: freshness.current(), looked: !isLate && failures === 0 };
  }

  return {
    current: freshness.current,
    refreshed,
    findVm: lookup.find,
    start: refresher.start,
    async ready() {
      if (freshness.newest() === undefined && refresher.underWay()) await refresher.refresh();
      const snapshot = freshness.newest();
      if (snapshot !== undefined) return snapshot;
      throw lastFailure ?? new SchedulingError('UNAVAILABLE', 'the engine has not been read yet');
    },
    state: () => ({
      available: freshness.available(),
      snapshotTime: freshness.newest()?.time,
      ...counts,
      refreshing: refresher.underWay(),
      failures,
      lastFailure: lastFailure && { code: lastFailure.code, message: lastFailure.message },
    }),
    async close() {
      lookup.close();
      freshness.close();
      await refresher.close();
    },
  };
}

function logFailure(log: Log, { error, failures, durationMs }: Extract<RefreshOutcome, { ok: false }>): void {
  const { code, message, cause } = error;
  const fields = { code, reason: message, failures, durationMs };
  // A bug: its message stays out of the error, so its stack has to be here.
  if (message === INTERNAL_ERROR_TEXT && cause instanceof Error) {
    log.error('engine refresh failed', { ...fields, stack: cause.stack });
  } else {
    log.warn('engine refresh failed', fields);
  }
}
