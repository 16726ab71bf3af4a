import { readingLimit, type InventorySettings } from '../config/sections.js';
import { INTERNAL_ERROR_TEXT, SchedulingError } from '../domain/errors.js';
import type { Snapshot } from '../domain/snapshot.js';
import { applyDelta, diffSnapshots, type SnapshotDelta } from '../domain/snapshot-delta.js';
import { runWithin } from '../lib/deadline.js';
import { stackOf } from '../lib/text.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import { createFreshness, seconds } from './freshness.js';
import { EVENTS_REMEDY } from './engine-refusal.js';
import type { EventFollower } from './event-follower.js';
import { missedByEvents, noObjects, withChanges, type ObjectIds } from './healing.js';
import { withMemory } from './host-memory.js';
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

/** Number of hosts and of VMs. */
export interface ObjectCounts {
  readonly hosts: number;
  readonly vms: number;
}

/** A new snapshot, and how it differs from the one before. */
export interface SnapshotUpdate {
  readonly snapshot: Snapshot;
  /** Absent for the first snapshot. */
  readonly delta: SnapshotDelta | undefined;
  /** Start of the reading by the monotonic clock, in ms. Events that came before it are counted. */
  readonly began: number;
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
  /** True while a full reading is kept up to date by events. */
  readonly followsEvents: boolean;
}

/** Listeners of an inventory. They must not throw. */
export interface InventoryListeners {
  /** Called when the inventory becomes available, or unavailable for a reason. It starts unavailable. */
  readonly onAvailability?: ((available: boolean, reason?: string) => void) | undefined;
  /** Called when a reading of the engine ended. */
  readonly onRefresh?: ((outcome: RefreshOutcome) => void) | undefined;
  /** Called with each new snapshot before it is used. */
  readonly onUpdate?: ((update: SnapshotUpdate) => void) | undefined;
  /** Called with the time from each new event, by the clock of the engine, to its snapshot, in ms. */
  readonly onEvents?: ((lags: readonly number[]) => void) | undefined;
  /** Called after a full reading with the number of objects that had changed without an event. */
  readonly onHealed?: ((healed: ObjectCounts) => void) | undefined;
}

/** Options of a refresher. */
export interface RefresherOptions extends InventoryListeners {
  /** May change; {@link Refresher.configured} tells when. */
  readonly settings: Omit<InventorySettings, 'lookupTimeout'>;
  /** Reads a snapshot. It is aborted after {@link readingLimit}. */
  readonly read: SnapshotReader;
  readonly follower: EventFollower;
  /** Monotonic clock. */
  readonly steady: Clock;
  readonly after: After;
  /** Returns a number from 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
}

/**
 * Keeper of the newest snapshot, which it reads periodically, one shared reading at a time, and keeps up to date by events in
 * between.
 */
export interface Refresher {
  /** Starts to read periodically. */
  readonly start: () => void;
  /** Reads everything by settings that have changed, at once. */
  readonly configured: () => void;
  /**
   * Joins the reading under way, or starts one on behalf of an unknown host: at most one a second, or half of the time if one
   * takes longer; for gateways at most one in {@link GATEWAY_INTERVAL}. Returns undefined if none may start.
   */
  readonly refreshOnDemand: (forEngine: boolean) => Promise<void> | undefined;
  /** Reports whether a reading ended so recently that none may start on demand, be it for an engine. */
  readonly isRecent: () => boolean;
  /** Reports whether the last full reading began at or after a time by the monotonic clock. */
  readonly hasReadSince: (time: number) => boolean;
  /** Returns the duration of the last reading in ms, 0 before the first has ended. */
  readonly lastDuration: () => number;
  /** Returns the newest snapshot. Throws UNAVAILABLE if there is none, or it is too old. */
  readonly current: () => Snapshot;
  /** Waits for the first snapshot. Rejects with the failure of the first reading. */
  readonly ready: () => Promise<Snapshot>;
  /** Returns why {@link Refresher.current} would throw, if it would. */
  readonly problem: () => string | undefined;
  readonly state: () => InventoryState;
  /** Cancels the reading under way and waits for its end. */
  readonly close: () => Promise<void>;
}

/** Creates a refresher that reads nothing before it is started. */
export function createRefresher(options: RefresherOptions): Refresher {
  const { settings, read, follower, steady, after, random, log } = options;
  const closing = new AbortController();
  let flight: Promise<void> | undefined;
  let poll: Promise<void> | undefined;
  let newest: SnapshotUpdate | undefined;
  /** The last full reading that succeeded, without its snapshot, which is as large as the newest. */
  let full: Omit<Reading, 'snapshot'> | undefined;
  /** True when events tell all that changed since the last full reading. */
  let following = false;
  /** Number of times in a row that events had to be given up, and the last time. */
  let breaks = { count: 0, last: -Infinity };
  /** Objects in which the last full reading differed, until the next events say whether they were about these. */
  let healing: { readonly found: ObjectIds; readonly told: ObjectIds } | undefined;
  let last: { readonly end: number; readonly took: number } | undefined;
  let gatewayRefresh = -Infinity;
  let failures = 0;
  let lastFailure: SchedulingError | undefined;
  let cancelNext: () => void = () => undefined;
  let cancelPoll: () => void = () => undefined;

  const freshness = createFreshness({
    ...{ settings, steady, after, log, counts },
    began: () => newest?.began,
    whyNone: () =>
      `the engine has not been read yet: ${lastFailure?.message ?? 'the first reading is under way'}`,
    whyOld: () =>
      lastFailure === undefined
        ? 'a reading is under way'
        : `the last reading failed: ${lastFailure.message}`,
    onAvailability: options.onAvailability,
  });

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
    const wasFollowing = following;
    const hasEvents = settings.eventInterval > 0;
    const longest = readingLimit(settings);
    const told = follower.watch();
    healing = undefined;
    let noEvents: SchedulingError | undefined;
    const result = await runWithin(
      async (signal) => {
        if (hasEvents && !wasFollowing) noEvents = await follower.begin(signal);
        return read(newest?.snapshot, signal);
      },
      { signal: closing.signal, ms: longest, after, late: () => readTooLong(longest) },
    ).catch((thrown: unknown) => SchedulingError.from(thrown));
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
      if (failures > 0) log.info('engine read again', { failures }, '');
      failures = 0;
      lastFailure = undefined;
      full = { began: result.began, skipped: result.skipped };
      const canFollow = hasEvents && settings.eventInterval > 0 && noEvents === undefined;
      following = canFollow && (following || !wasFollowing);
      publishFull(result, wasFollowing && following, told);
      log.debug('engine refreshed', { ...counts(), durationMs });
      if (noEvents !== undefined) {
        // Events that can't be followed are not worth another reading at once.
        breaks = { ...breaks, last: -Infinity };
        log.warn('engine events not followed', { code: noEvents.code, reason: noEvents.message }, '');
      }
      if (following) pollAfter(0);
    }
    cancelNext = after(pause(), () => void refresh());
    options.onRefresh?.({ ok: lastFailure === undefined, durationMs });
  }

  /** Puts a full reading in the place of the snapshot, of which it keeps what events told of meanwhile. */
  function publishFull({ snapshot: read, began }: Reading, isContinuous: boolean, told: ObjectIds): void {
    const eventId = following ? follower.eventId() : undefined;
    if (newest === undefined) {
      publish({ snapshot: { ...read, eventId }, delta: undefined, began });
      return;
    }
    const before = newest.snapshot;
    const time = isContinuous && newest.began > began ? before.time : read.time;
    const stamp = { time, eventId, memoryTime: read.memoryTime };
    const later = withChanges(read, stamp, before, isContinuous ? told : noObjects());
    const delta = diffSnapshots(before, later);
    // A snapshot with holes, where hosts left, is given up.
    const isDense = before.parts.places.length === before.hosts.length;
    publish({
      snapshot: isDense ? applyDelta(before, delta) : later,
      delta,
      began: isContinuous ? Math.max(began, newest.began) : began,
    });
    healing = isContinuous ? { found: missedByEvents(before, delta), told } : undefined;
    if (isContinuous) follower.readAgain(told);
  }

  function publish(update: SnapshotUpdate): void {
    newest = update;
    options.onUpdate?.(update);
    freshness.watch();
  }

  function pollAfter(ms: number): void {
    cancelPoll();
    cancelPoll = after(ms, () => {
      poll ??= pollOnce().finally(() => (poll = undefined));
    });
  }

  async function pollOnce(): Promise<void> {
    if (newest === undefined || !following) return;
    const longest = readingLimit(settings);
    const { snapshot: before } = newest;
    const begin = steady.now();
    try {
      const { began, lags, memory, ...changes } = await runWithin((signal) => follower.poll(before, signal), {
        signal: closing.signal,
        ms: longest,
        after,
        late: () => readTooLong(longest),
      });
      const { snapshot, began: beganBefore } = newest;
      // A wall clock may be set back: it does not tell which is later.
      const time = began >= beganBefore ? changes.time : snapshot.time;
      const memoryTime = Math.min(time, Math.max(changes.memoryTime, snapshot.memoryTime));
      const hosts = withMemory(snapshot, changes.hosts, memory);
      const delta = { ...changes, hosts, time, memoryTime };
      publish({ snapshot: applyDelta(snapshot, delta), delta, began: Math.max(began, beganBefore) });
      options.onEvents?.(lags);
      countHealed(began);
      if (steady.now() - breaks.last >= settings.refreshInterval) breaks = { ...breaks, count: 0 };
      pollAfter(Math.max(0, begin + settings.eventInterval - steady.now()));
    } catch (thrown) {
      if (!closing.signal.aborted) giveUpEvents(SchedulingError.from(thrown));
    }
  }

  function giveUpEvents({ code, message, cause }: SchedulingError): void {
    following = false;
    healing = undefined;
    breaks = { count: breaks.count + 1, last: steady.now() };
    const isBug = message === INTERNAL_ERROR_TEXT;
    log.warn(
      'engine events given up',
      { code, reason: message, ...(isBug ? { stack: stackOf(cause) } : {}) },
      code,
    );
    if (flight !== undefined) return;
    cancelNext();
    cancelNext = after(pause(), () => void refresh());
  }

  /** Counts what the last full reading found changed, unless events have told of it by now. */
  function countHealed(pollBegan: number): void {
    if (healing === undefined || pollBegan < (last?.end ?? 0)) return;
    const { found, told } = healing;
    const count = (kind: keyof ObjectIds) => [...found[kind]].filter((id) => !told[kind].has(id)).length;
    const healed = { hosts: count('host'), vms: count('vm') };
    options.onHealed?.(healed);
    if (follower.isSilent() && healed.hosts + healed.vms > 0) {
      const reason = `hosts or VMs changed, and the engine has not listed one event, so that all is read every ${seconds(settings.refreshInterval)} s: ${EVENTS_REMEDY}`;
      log.warn('engine events not seen', { ...healed, reason }, '');
    }
    healing = undefined;
    follower.unwatch();
  }

  function pause(): number {
    const jitter = 1 + (2 * random() - 1) * REFRESH_JITTER;
    const usual = settings.refreshInterval * jitter;
    // Capped, since a higher power overflows.
    const backoff = (times: number) =>
      Math.min(usual, FAILURE_PAUSE * 2 ** Math.min(times - 1, 30) * (1 + random() / 4));
    if (failures > 0) return Math.round(backoff(failures));
    const relist = settings.relistInterval * jitter;
    if (following) return Math.round(follower.isSilent() ? Math.min(relist, usual) : relist);
    // At once for the first time; an engine whose events fail again and again is read as seldom as one without.
    if (breaks.last >= (full?.began ?? 0))
      return breaks.count === 1 ? 0 : Math.round(backoff(breaks.count - 1));
    return Math.round(usual);
  }

  function counts(): Pick<InventoryState, 'hosts' | 'vms' | 'skipped'> {
    const { hosts, vmCounts } = newest?.snapshot ?? { hosts: [], vmCounts: new Int32Array(0) };
    const vms = vmCounts.reduce((sum, count) => sum + count, 0);
    return { hosts: hosts.length, vms, skipped: full?.skipped ?? 0 };
  }

  function logFailure({ code, message, cause }: SchedulingError, durationMs: number): void {
    const fields = { code, reason: message, failures, durationMs: Math.round(durationMs) };
    // A bug, whose message the error lacks: only the stack tells.
    if (message === INTERNAL_ERROR_TEXT)
      log.error('engine refresh failed', { ...fields, stack: stackOf(cause) }, code);
    else log.warn('engine refresh failed', fields, code);
  }

  return {
    start: () => void refresh(),
    configured() {
      if (settings.eventInterval === 0) following = false;
      freshness.watch();
      // A reading under way may have begun by the settings before.
      void Promise.resolve(flight).then(refresh);
    },
    refreshOnDemand,
    isRecent,
    hasReadSince: (time) => full !== undefined && full.began >= time,
    lastDuration: () => last?.took ?? 0,
    current() {
      if (newest !== undefined && steady.now() - newest.began <= settings.maxStaleness)
        return newest.snapshot;
      throw new SchedulingError('UNAVAILABLE', freshness.check() ?? '');
    },
    async ready() {
      if (newest === undefined) await flight;
      if (newest !== undefined) return newest.snapshot;
      throw lastFailure ?? new SchedulingError('UNAVAILABLE', 'the engine has not been read yet');
    },
    problem: freshness.check,
    state: () => ({
      available: freshness.check() === undefined,
      snapshotTime: newest?.snapshot.time,
      ...counts(),
      failures,
      followsEvents: following,
    }),
    async close() {
      closing.abort(new SchedulingError('CANCELLED', 'the inventory is closed'));
      cancelNext();
      cancelPoll();
      freshness.close();
      await Promise.all([flight, poll, follower.close()]);
    },
  };
}

function readTooLong(ms: number): SchedulingError {
  return new SchedulingError(
    'UNAVAILABLE',
    `the engine took longer than ${seconds(ms)} s for a reading, a third of inventory.maxStaleness`,
  );
}
