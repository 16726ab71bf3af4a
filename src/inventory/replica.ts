import { randomUUID } from 'node:crypto';
import type { InventorySettings } from '../config/sections.js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { FeedPart, FeedPosition, FollowRequest } from '../domain/inventory-feed.js';
import { vmOf, type InventoryService, type KeptReservation, type Reservation } from '../domain/inventory.js';
import {
  createSnapshotBuilder,
  UNANNOUNCED_DATA,
  type HostRecord,
  type Snapshot,
  type SnapshotBuilder,
  type UnannouncedData,
  type Vm,
} from '../domain/snapshot.js';
import { applyDelta, diffSnapshots, stampOf, type Changes } from '../domain/snapshot-delta.js';
import { linkAbort, waitFor } from '../lib/deadline.js';
import { nodeAfter } from '../lib/timers.js';
import { USE_TIME } from './event-follower.js';
import { createFeed } from './feed.js';
import { createFreshness } from './freshness.js';
import type { EngineInventory, InventoryOptions } from './inventory.js';
import type { SnapshotUpdate } from './refresher.js';
import { createReservations, type Reservations } from './reservations.js';
import { createInventoryService } from './service.js';
import { createUnknownHosts, HOST_WAIT_SHARE } from './unknown-hosts.js';
import { createVmLookup } from './vm-lookup.js';

/** Pause before a reader is watched again, in ms. It doubles with each further failure, up to {@link MAX_REWATCH_PAUSE}. */
export const REWATCH_PAUSE = 200;

/** Longest pause before a reader is watched again, in ms, and up to half as much by chance, so that replicas don't come in step. */
export const MAX_REWATCH_PAUSE = 5000;

/** Longest time that a reservation waits until it counts here, in ms: many times what a step takes. */
export const RESERVED_WITHIN = 1000;

/** The service that reads the engine, or another replica. */
export interface Reader extends Pick<InventoryService, 'listVms' | 'reserve' | 'release'> {
  /** Passes on part after part. Rejects with a SchedulingError when the watch ends. */
  readonly watch: (
    request: FollowRequest,
    call: Pick<Call, 'requestId' | 'signal'>,
    onPart: (part: FeedPart) => void,
  ) => Promise<never>;
}

/** A step that a replica took over. */
export interface TakenStep {
  /** Time from the change at the reader to its snapshot here, in ms, by the clocks of both. */
  readonly lagMs: number;
  /** Set when it is the whole inventory, or the first step of a watch that goes on where the last one ended. */
  readonly began: 'whole' | 'resumed' | undefined;
}

/** Options of a replica. */
export interface ReplicaOptions extends Omit<InventoryOptions, 'client' | 'settings' | 'onRefresh'> {
  readonly settings: Pick<InventorySettings, 'maxStaleness' | 'lookupTimeout'>;
  /** Owned by the caller, who closes it after the inventory. */
  readonly reader: Reader;
  /** Called with each step. Must not throw. */
  readonly onStep?: ((step: TakenStep) => void) | undefined;
}

/** Inventory that follows the one of a reader. */
export interface Replica extends Omit<EngineInventory, 'reservations' | 'followCall' | 'dropPredictions'> {
  readonly reservations: Pick<Reservations, 'list'>;
  /** Lists what is here; reservations are passed to the reader. */
  readonly service: InventoryService;
}

/** The parts of a step that is not whole yet. */
interface Arriving {
  /** The whole inventory so far; undefined for changes of the one that is there. */
  readonly whole: SnapshotBuilder | undefined;
  readonly hosts: Collected<HostRecord>;
  readonly vms: Collected<Vm>;
  readonly reservations: Collected<KeptReservation>;
}

type Collected<Changed> = { readonly [Key in keyof Changes<Changed>]: Changes<Changed>[Key][number][] };

/** Creates a replica that watches nothing before it is started. */
export function createReplica(options: ReplicaOptions): Replica {
  const { reader, log, clock = Date, steady = performance, after = nodeAfter } = options;
  const { random = Math.random } = options;
  const settings = { ...options.settings };
  const closing = new AbortController();
  let newest: SnapshotUpdate | undefined;
  let position: FeedPosition | undefined;
  let arriving: Arriving | undefined;
  const lastUse = new Map<UnannouncedData, number>();
  let failures = 0;
  let lastFailure: SchedulingError | undefined;
  let following: Promise<void> | undefined;
  let stepped: () => void = () => undefined;
  let nextStep = new Promise<void>((resolve) => (stepped = resolve));
  let settleFirst: () => void = () => undefined;
  const firstOutcome = new Promise<void>((resolve) => (settleFirst = resolve));

  const use = (data: UnannouncedData) => void lastUse.set(data, steady.now());
  const usedNow = () =>
    UNANNOUNCED_DATA.filter((data) => steady.now() - (lastUse.get(data) ?? -Infinity) < USE_TIME);

  const reservations = createReservations({
    ...{ clock, steady },
    onPredictionEnd: () => undefined,
    onChange: (vmId, kept) => feed.reserved(vmId, kept),
  });
  const freshness = createFreshness({
    ...{ settings, steady, after, log, counts },
    began: () => newest?.began,
    whyNone: () => `the reader has sent no inventory yet: ${lastFailure?.message ?? 'it is being asked'}`,
    whyOld: () =>
      lastFailure === undefined
        ? 'the reader has none that is newer'
        : `the watch failed: ${lastFailure.message}`,
    onAvailability: options.onAvailability,
  });
  const feed = createFeed({ current, listReservations: reservations.list, steady, use });
  const lookup = createVmLookup({
    async get(id, signal, requestId) {
      const call = { requestId, signal, deadline: clock.now() + settings.lookupTimeout };
      const { vms } = await reader.listVms({ vmId: id, pageSize: 1 }, call).catch(noneIfUnknown);
      const [listed] = vms;
      return listed && vmOf(listed);
    },
    ...{ settings, steady, after },
  });
  const hasStepSince = (time: number) => newest !== undefined && newest.began >= time;
  const isWorthAsking = createUnknownHosts(steady, hasStepSince);

  function current(): Snapshot {
    if (newest !== undefined && steady.now() - newest.began <= settings.maxStaleness) return newest.snapshot;
    throw new SchedulingError('UNAVAILABLE', freshness.check() ?? '');
  }

  function counts() {
    const { hosts, vmCounts } = newest?.snapshot ?? { hosts: [], vmCounts: new Int32Array(0) };
    return { hosts: hosts.length, vms: vmCounts.reduce((sum, count) => sum + count, 0), skipped: 0 };
  }

  const isClosed = () => closing.signal.aborted;

  async function follow(): Promise<void> {
    while (!isClosed()) {
      let isAnew = false;
      while (await watchOnce(isAnew)) isAnew = true;
      const usual = Math.min(MAX_REWATCH_PAUSE, REWATCH_PAUSE * 2 ** Math.min(failures - 1, 30));
      await pause(usual * (1 + random() / 2));
    }
  }

  /** Resolves to true if it ended because the reader is to be told of another use. Going on where it was is then no news. */
  async function watchOnce(isAnew: boolean): Promise<boolean> {
    arriving = undefined;
    let hasBegun = isAnew;
    const watching = linkAbort(closing.signal);
    const uses = usedNow();
    const requestId = randomUUID();
    try {
      const request = { from: position, uses };
      return await reader.watch(request, { requestId, signal: watching.signal }, (part) => {
        take(part);
        if (part.more) return;
        failures = 0;
        lastFailure = undefined;
        const follows = arriving?.whole === undefined ? 'resumed' : 'whole';
        complete(part);
        const began = follows === 'resumed' && hasBegun ? undefined : follows;
        options.onStep?.({ lagMs: clock.now() - part.delta.time - part.ageMs, began });
        if (began !== undefined) log.info('inventory followed', { began, ...counts() }, began);
        hasBegun = true;
        if (String(usedNow()) !== String(uses)) watching.abort();
      });
    } catch (thrown) {
      if (isClosed()) return false;
      if (watching.signal.aborted) return true;
      failures += 1;
      lastFailure = SchedulingError.from(thrown);
      const { code, message } = lastFailure;
      log.warn('inventory watch ended', { requestId, code, reason: message, failures }, code);
      settleFirst();
      return false;
    } finally {
      watching.unlink();
    }
  }

  /** Waits, unless the replica closes. */
  async function pause(ms: number): Promise<void> {
    let cancel: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (cancel = after(ms, resolve)));
    await waitFor(over, closing.signal).catch(() => undefined);
    cancel();
  }

  function take({ restart, delta, reservations: changes }: FeedPart): void {
    if (restart || arriving === undefined) arriving = nothingYet(restart);
    const { whole, hosts, vms } = arriving;
    collect(arriving.reservations, changes);
    if (whole === undefined) {
      collect(hosts, delta.hosts);
      collect(vms, delta.vms);
    } else {
      delta.hosts.changed.forEach(whole.addHost);
      delta.vms.changed.forEach(whole.addVm);
    }
  }

  function complete({ epoch, sequence, delta, ageMs }: FeedPart): void {
    if (arriving === undefined) return;
    const { whole, hosts, vms, reservations: changes } = arriving;
    arriving = undefined;
    const stamp = stampOf(delta);
    if (whole !== undefined) {
      const kept = new Set(changes.changed.map(({ vm }) => vm.id));
      for (const { vm } of reservations.list()) if (!kept.has(vm.id)) reservations.release(vm.id);
    }
    changes.removed.forEach((id) => reservations.release(id));
    // By the reader's clock, which may differ from the one here.
    const readerNow = delta.time + ageMs;
    for (const kept of changes.changed) reservations.copy(kept, kept.endTime - readerNow);
    position = { epoch, sequence };
    const before = newest?.snapshot;
    const built = whole && { ...whole.build(delta.time), ...stamp };
    if (before === undefined) {
      if (built === undefined) throw new SchedulingError('INTERNAL', 'response: changes of nothing');
      newest = { snapshot: built, delta: undefined, began: steady.now() - ageMs };
    } else {
      const change = built === undefined ? { ...stamp, hosts, vms } : diffSnapshots(before, built);
      newest = { snapshot: applyDelta(before, change), delta: change, began: steady.now() - ageMs };
    }
    feed.update(newest);
    options.onUpdate?.(newest);
    freshness.watch();
    settleFirst();
    stepped();
    nextStep = new Promise((resolve) => (stepped = resolve));
  }

  /** Waits until something holds, or for that time, or until the call ends. Looks after each step. */
  async function waitUntil(holds: () => boolean, ms: number, call: Call): Promise<boolean> {
    const end = linkAbort(call.signal);
    const cancelTimer = after(Math.max(0, ms), () => end.abort());
    try {
      while (!holds()) await waitFor(nextStep, end.signal);
      return true;
    } catch {
      return false;
    } finally {
      cancelTimer();
      end.unlink();
    }
  }

  const keptFor = (vmId: string) => reservations.list().find(({ vm }) => vm.id === vmId);

  const isKept = ({ vmId, endTime }: Reservation) => keptFor(vmId)?.endTime === endTime;

  return {
    current,
    async refreshed(hostIds, call) {
      if (call.signal.aborted) throw SchedulingError.from(call.signal.reason);
      const asked = steady.now();
      const ms = Math.min(settings.lookupTimeout, (call.deadline - clock.now()) * HOST_WAIT_SHARE);
      const looked = !isWorthAsking(hostIds) || (await waitUntil(() => hasStepSince(asked), ms, call));
      return { snapshot: current(), looked: looked && failures === 0 };
    },
    findVm: lookup.find,
    use,
    withReservations: reservations.countedIn,
    reservations,
    service: {
      ...createInventoryService({
        inventory: { current, refreshed: unasked, findVm: lookup.find },
        reservations,
        clock,
      }),
      async reserve(request, call) {
        const made = await reader.reserve(request, call);
        if (call.dryRun !== true) await waitUntil(() => isKept(made), RESERVED_WITHIN, call);
        return made;
      },
      async release(vmId, call) {
        const ended = await reader.release(vmId, call);
        // A step may have brought a later one by now.
        if (call.dryRun !== true && ended !== undefined && isKept(ended)) reservations.release(vmId);
        return ended;
      },
    },
    start: () => void (following ??= follow()),
    configure(next) {
      Object.assign(settings, next);
      freshness.watch();
    },
    async ready() {
      await firstOutcome;
      if (newest !== undefined) return newest.snapshot;
      throw lastFailure ?? new SchedulingError('UNAVAILABLE', 'the reader has not been asked yet');
    },
    problem: freshness.check,
    state: () => ({
      available: freshness.check() === undefined,
      snapshotTime: newest?.snapshot.time,
      ...counts(),
      failures,
      followsEvents: newest?.snapshot.eventId !== undefined,
    }),
    feed,
    async close() {
      closing.abort(new SchedulingError('CANCELLED', 'the inventory is closed'));
      settleFirst();
      freshness.close();
      feed.close();
      lookup.close();
      await following;
    },
  };

  /** Only a reservation looks for hosts, and those are the reader's. */
  function unasked(): Promise<{ readonly snapshot: Snapshot; readonly looked: boolean }> {
    return Promise.resolve({ snapshot: current(), looked: false });
  }
}

function nothingYet(isWhole: boolean): Arriving {
  const nothing = () => ({ changed: [], removed: [] });
  const whole = isWhole ? createSnapshotBuilder() : undefined;
  return { whole, hosts: nothing(), vms: nothing(), reservations: nothing() };
}

function collect<Changed>(to: Collected<Changed>, { changed, removed }: Changes<Changed>): void {
  to.changed.push(...changed);
  to.removed.push(...removed);
}

function noneIfUnknown(thrown: unknown): { readonly vms: readonly [] } {
  if (thrown instanceof SchedulingError && thrown.code === 'NOT_FOUND') return { vms: [] };
  throw thrown;
}
