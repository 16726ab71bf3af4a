import type { InventorySettings } from '../config/sections.js';
import { INTERNAL_ERROR_TEXT, SchedulingError, type SchedulingErrorCode } from '../domain/errors.js';
import type { Snapshot } from '../domain/snapshot.js';
import { stackOf } from '../lib/text.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { Reading, SnapshotReader } from './snapshot-reading.js';

/** How much earlier or later a reading comes, at random, as a part of the interval: services do not read in step. */
export const REFRESH_JITTER = 0.1;

/** Pause after a reading that failed: milliseconds; doubled with each further failure, up to the interval. */
export const FAILURE_PAUSE = 1_000;

/**
 * Shortest time between two readings for the sake of a host that is unknown, and how long an unknown VM is taken for unknown:
 * milliseconds. A caller that asks for ids that do not exist costs the engine one request a second.
 */
export const UNKNOWN_INTERVAL = 1_000;

/** How a reading of the engine ended. */
export interface RefreshOutcome {
  readonly ok: boolean;
  readonly durationMs: number;
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

/** Who is told of an inventory's ups and downs. A listener that throws costs a log line. */
export interface InventoryListeners {
  /** Called when the inventory becomes available and when it no longer is, be it that nobody asks; it begins unavailable. */
  readonly onAvailability?: ((available: boolean, reason?: string) => void) | undefined;
  /** Called at the end of each reading of the engine. */
  readonly onRefresh?: ((outcome: RefreshOutcome) => void) | undefined;
}

/** What a refresher is made of. */
export interface RefresherOptions extends InventoryListeners {
  readonly settings: Pick<InventorySettings, 'refreshInterval' | 'maxStaleness'>;
  /** Reads a snapshot; bounded in time by itself. */
  readonly read: SnapshotReader;
  /** Has to be one that never goes back. */
  readonly steady: Clock;
  readonly after: After;
  /** Returns a number from 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** Reads again and again, one reading at a time, which whoever wants one shares; holds the newest snapshot. */
export interface Refresher {
  /** Begins the first reading, and from then on reads by itself. */
  readonly start: () => void;
  /** Joins the reading under way or begins one. Never rejects. */
  readonly refresh: () => Promise<void>;
  /** Reports whether a reading is under way, or one is in order: one a second, and not the whole time where one takes longer. */
  readonly mayRefresh: () => boolean;
  /** Returns the newest snapshot; throws UNAVAILABLE when there is none that is fresh enough. */
  readonly current: () => Snapshot;
  /** Waits for the end of the first reading; rejects with its failure when there is no snapshot. */
  readonly ready: () => Promise<Snapshot>;
  readonly state: () => InventoryState;
  /** Ends the reading under way and waits for its end; nothing is read afterwards. */
  readonly close: () => Promise<void>;
}

/** Creates a refresher without a snapshot, unavailable; it reads nothing before it is started. */
export function createRefresher(options: RefresherOptions): Refresher {
  const { read, steady, after, random, log } = options;
  const { refreshInterval, maxStaleness } = options.settings;
  const closing = new AbortController();
  let flight: Promise<void> | undefined;
  let newest: Reading | undefined;
  let available = false;
  let last: { readonly end: number; readonly took: number } | undefined;
  let failures = 0;
  let lastFailure: SchedulingError | undefined;
  let cancelNext: () => void = () => undefined;
  let cancelWatch: () => void = () => undefined;

  function refresh(): Promise<void> {
    if (closing.signal.aborted) return Promise.resolve();
    if (flight === undefined) {
      cancelNext();
      flight = fly();
    }
    return flight;
  }

  async function fly(): Promise<void> {
    const begin = steady.now();
    const result = await read(newest?.snapshot, closing.signal).catch((thrown: unknown) =>
      SchedulingError.from(thrown),
    );
    const end = steady.now();
    const durationMs = end - begin;
    last = { end, took: durationMs };
    flight = undefined;
    if (closing.signal.aborted) return;
    if (result instanceof SchedulingError) {
      failures += 1;
      lastFailure = result;
      logFailure(result, durationMs);
    } else {
      failures = 0;
      lastFailure = undefined;
      newest = result;
      log.debug('engine refreshed', { ...counts(), durationMs });
    }
    cancelNext = after(pause(), () => void refresh());
    watch();
    tell(() => options.onRefresh?.({ ok: lastFailure === undefined, durationMs }));
  }

  function pause(): number {
    const usual = refreshInterval * (1 + (2 * random() - 1) * REFRESH_JITTER);
    // Capped before it is raised to a power that is no number any more.
    const backoff = FAILURE_PAUSE * 2 ** Math.min(failures - 1, 30);
    return Math.round(failures === 0 ? usual : Math.min(usual, backoff * (1 + random() / 4)));
  }

  /** Finds out whether the newest snapshot may be used, and tells of a change. Returns why it may not. */
  function look(): string | undefined {
    const reason = problem();
    if (available !== (reason === undefined)) {
      available = reason === undefined;
      if (available) log.info('inventory available', counts());
      else log.warn('inventory unavailable', { reason });
      tell(() => options.onAvailability?.(available, reason));
    }
    return reason;
  }

  function problem(): string | undefined {
    if (newest === undefined) {
      return `the engine has not been read yet: ${lastFailure?.message ?? 'the first reading is under way'}`;
    }
    const age = steady.now() - newest.began;
    if (age <= maxStaleness) return undefined;
    const why =
      lastFailure === undefined
        ? 'a reading is under way'
        : `the last reading failed: ${lastFailure.message}`;
    return `the inventory is ${seconds(age)} s old, and may be ${seconds(maxStaleness)} s old at most; ${why}`;
  }

  /** Looks now, and again when the newest snapshot becomes too old. */
  function watch(): void {
    cancelWatch();
    if (look() !== undefined || newest === undefined) return;
    // A timer may come a little early.
    cancelWatch = after(newest.began + maxStaleness + 1 - steady.now(), watch);
  }

  function counts(): Pick<InventoryState, 'hosts' | 'vms' | 'skipped'> {
    const { hosts, vms, skipped } = newest ?? { hosts: 0, vms: 0, skipped: 0 };
    return { hosts, vms, skipped };
  }

  function tell(listener: () => void): void {
    try {
      listener();
    } catch (thrown) {
      log.error('inventory listener failed', { stack: stackOf(thrown) });
    }
  }

  function logFailure({ code, message, cause }: SchedulingError, durationMs: number): void {
    const fields = { code, reason: message, failures, durationMs };
    // A bug: its message stays out of the error, so its stack has to be here.
    if (message === INTERNAL_ERROR_TEXT)
      log.error('engine refresh failed', { ...fields, stack: stackOf(cause) });
    else log.warn('engine refresh failed', fields);
  }

  return {
    start: () => void refresh(),
    refresh,
    mayRefresh: () =>
      flight !== undefined ||
      last === undefined ||
      steady.now() - last.end >= Math.max(UNKNOWN_INTERVAL, last.took),
    current() {
      const reason = look();
      if (newest === undefined || reason !== undefined)
        throw new SchedulingError('UNAVAILABLE', reason ?? '');
      return newest.snapshot;
    },
    async ready() {
      if (newest === undefined) await flight;
      if (newest !== undefined) return newest.snapshot;
      throw lastFailure ?? new SchedulingError('UNAVAILABLE', 'the engine has not been read yet');
    },
    state: () => ({
      available: look() === undefined,
      snapshotTime: newest?.snapshot.time,
      ...counts(),
      refreshing: flight !== undefined,
      failures,
      lastFailure: lastFailure && { code: lastFailure.code, message: lastFailure.message },
    }),
    async close() {
      closing.abort(new SchedulingError('CANCELLED', 'the inventory is closed'));
      cancelNext();
      cancelWatch();
      await flight;
    },
  };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 1 : 0);
}
