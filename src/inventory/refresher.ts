import { readingLimit, type InventorySettings } from '../config/sections.js';
import { INTERNAL_ERROR_TEXT, SchedulingError } from '../domain/errors.js';
import type { Snapshot } from '../domain/snapshot.js';
import { runWithin } from '../lib/deadline.js';
import { stackOf } from '../lib/text.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { Reading, SnapshotReader } from './snapshot-reading.js';

/** Random deviation from the interval, as a share of it, so that services don't read in step. */
export const REFRESH_JITTER = 0.1;

/** Pause after a failed reading, in ms. It doubles with each further failure, up to the interval. */
export const FAILURE_PAUSE = 1_000;

/**
 * Shortest time between two readings on behalf of unknown hosts, and time for which an unknown VM is not looked up again, in
 * ms: a caller with ids that don't exist costs the engine one request a second.
 */
export const UNKNOWN_INTERVAL = 1_000;

/** Shortest time between two readings on behalf of gateways, in ms: a host is added less often, and found at its first use. */
export const GATEWAY_INTERVAL = 10_000;

/** Outcome of a reading of the engine. */
export interface RefreshOutcome {
  readonly ok: boolean;
  readonly durationMs: number;
}

/** State of an inventory. */
export interface InventoryState {
  readonly available: boolean;
  /** Start of the reading of the newest snapshot, in ms since the epoch. */
  readonly snapshotTime: number | undefined;
  readonly hosts: number;
  /** Running VMs. */
  readonly vms: number;
  /** Unusable hosts and VMs, which the newest snapshot lacks. */
  readonly skipped: number;
  /** Consecutive failed readings. */
  readonly failures: number;
}

/** Listeners of an inventory. They must not throw. */
export interface InventoryListeners {
  /** Called when the inventory becomes available, or unavailable for a reason. It starts unavailable. */
  readonly onAvailability?: ((available: boolean, reason?: string) => void) | undefined;
  /** Called when a reading of the engine ended. */
  readonly onRefresh?: ((outcome: RefreshOutcome) => void) | undefined;
}

/** Options of a refresher. */
export interface RefresherOptions extends InventoryListeners {
  readonly settings: Pick<InventorySettings, 'refreshInterval' | 'maxStaleness'>;
  /** Reads a snapshot. It is aborted after {@link readingLimit}. */
  readonly read: SnapshotReader;
  /** Called with each reading that succeeds, before its snapshot is used. Must not throw. */
  readonly onReading?: (reading: Reading) => void;
  /** Monotonic clock. */
  readonly steady: Clock;
  readonly after: After;
  /** Returns a number from 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** Keeper of the newest snapshot, which it reads periodically, one shared reading at a time. */
export interface Refresher {
  /** Starts to read periodically. */
  readonly start: () => void;
  /**
   * Joins the reading under way, or starts one on behalf of an unknown host: at most one a second, or half of the time if one
   * takes longer; for gateways at most one in {@link GATEWAY_INTERVAL}. Returns undefined if none may start.
   */
  readonly refreshOnDemand: (forEngine: boolean) => Promise<void> | undefined;
  /** Reports whether a reading ended so recently that none may start on demand, be it for an engine. */
  readonly isRecent: () => boolean;
  /** Reports whether the newest snapshot's reading began at or after a time by the monotonic clock. */
  readonly hasReadSince: (time: number) => boolean;
  /** Returns the duration of the last reading in ms, 0 before the first has ended. */
  readonly lastDuration: () => number;
  /** Returns the newest snapshot. Throws UNAVAILABLE if there is none, or it is too old. */
  readonly current: () => Snapshot;
  /** Waits for the first snapshot. Rejects with the failure of the first reading. */
  readonly ready: () => Promise<Snapshot>;
  readonly state: () => InventoryState;
  /** Cancels the reading under way and waits for its end. */
  readonly close: () => Promise<void>;
}

/** Creates a refresher that reads nothing before it is started. */
export function createRefresher(options: RefresherOptions): Refresher {
  const { read, steady, after, random, log } = options;
  const { refreshInterval, maxStaleness } = options.settings;
  const longest = readingLimit(options.settings);
  const closing = new AbortController();
  let flight: Promise<void> | undefined;
  let newest: Reading | undefined;
  let available = false;
  let last: { readonly end: number; readonly took: number } | undefined;
  let gatewayRefresh = -Infinity;
  let failures = 0;
  let lastFailure: SchedulingError | undefined;
  let cancelNext: () => void = () => undefined;
  let cancelWatch: () => void = () => undefined;

  function refresh(): Promise<void> {
    if (closing.signal.aborted) return Promise.resolve();
    if (flight === undefined) {
      cancelNext();
      flight = readOnce();
    }
    return flight;
  }

  const isRecent = () =>
    flight === undefined &&
    last !== undefined &&
    steady.now() - last.end < Math.max(UNKNOWN_INTERVAL, last.took);

  function refreshOnDemand(forEngine: boolean): Promise<void> | undefined {
    if (flight !== undefined) return flight;
    const mustRest = !forEngine && steady.now() - gatewayRefresh < GATEWAY_INTERVAL;
    if (mustRest || isRecent()) return undefined;
    if (!forEngine) gatewayRefresh = steady.now();
    return refresh();
  }

  async function readOnce(): Promise<void> {
    const begin = steady.now();
    const result = await runWithin((signal) => read(newest?.snapshot, signal), {
      ...{ signal: closing.signal, ms: longest, after, late: () => readTooLong(longest) },
    }).catch((thrown: unknown) => SchedulingError.from(thrown));
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
      options.onReading?.(result);
      log.debug('engine refreshed', { ...counts(), durationMs });
    }
    cancelNext = after(pause(), () => void refresh());
    watch();
    options.onRefresh?.({ ok: lastFailure === undefined, durationMs });
  }

  function pause(): number {
    const usual = refreshInterval * (1 + (2 * random() - 1) * REFRESH_JITTER);
    // Capped, since a higher power overflows.
    const backoff = FAILURE_PAUSE * 2 ** Math.min(failures - 1, 30);
    return Math.round(failures === 0 ? usual : Math.min(usual, backoff * (1 + random() / 4)));
  }

  /** Returns the reason why the newest snapshot is unusable, if it is. Reports a change of availability. */
  function check(): string | undefined {
    const reason = problem();
    if (available !== (reason === undefined)) {
      available = reason === undefined;
      if (available) log.info('inventory available', counts(), '');
      else log.warn('inventory unavailable', { reason }, '');
      options.onAvailability?.(available, reason);
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

  /** Checks now, and again when the newest snapshot becomes too old. */
  function watch(): void {
    cancelWatch();
    if (check() !== undefined || newest === undefined) return;
    // 1 ms more, since timers may fire early.
    cancelWatch = after(newest.began + maxStaleness + 1 - steady.now(), watch);
  }

  function counts(): Pick<InventoryState, 'hosts' | 'vms' | 'skipped'> {
    const { hosts, vms, skipped } = newest ?? { hosts: 0, vms: 0, skipped: 0 };
    return { hosts, vms, skipped };
  }

  function logFailure({ code, message, cause }: SchedulingError, durationMs: number): void {
    const fields = { code, reason: message, failures, durationMs };
    // A bug, whose message the error lacks: only the stack tells.
    if (message === INTERNAL_ERROR_TEXT)
      log.error('engine refresh failed', { ...fields, stack: stackOf(cause) }, code);
    else log.warn('engine refresh failed', fields, code);
  }

  return {
    start: () => void refresh(),
    refreshOnDemand,
    isRecent,
    hasReadSince: (time) => newest !== undefined && newest.began >= time,
    lastDuration: () => last?.took ?? 0,
    current() {
      const reason = check();
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
      available: check() === undefined,
      snapshotTime: newest?.snapshot.time,
      ...counts(),
      failures,
    }),
    async close() {
      closing.abort(new SchedulingError('CANCELLED', 'the inventory is closed'));
      cancelNext();
      cancelWatch();
      await flight;
    },
  };
}

function readTooLong(ms: number): SchedulingError {
  return new SchedulingError(
    'UNAVAILABLE',
    `the engine took longer than ${seconds(ms)} s for a reading, a third of inventory.maxStaleness`,
  );
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 1 : 0);
}
