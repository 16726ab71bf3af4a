import type { InventorySettings } from '../config/sections.js';
import { SchedulingError } from '../domain/errors.js';
import { isSameHost, type Changes, type SnapshotDelta } from '../domain/snapshot-delta.js';
import type { HostRecord, Snapshot, UnannouncedData, Vm } from '../domain/snapshot.js';
import { linkAbort, runWithin } from '../lib/deadline.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { EngineClient, EventQuery } from './engine-client.js';
import { MAX_FROM, type EngineEvent } from './engine-events.js';
import type { EngineHost, EngineVm } from './engine-json.js';
import { createHostMemoryReader, type ReadMemory } from './host-memory.js';
import { addObjects, noObjects, type ObjectIds } from './healing.js';
import type { VmPool } from './vm-pool.js';

/**
 * Most changed objects that are read one by one; beyond it one listing is less work for the engine. Those that changed during
 * a listing are read one by one however many they are, and must get fewer from poll to poll.
 */
export const MAX_CHANGED = 500;

/** Most objects that are read at the same time: each takes a thread of the engine. */
export const MAX_CONCURRENT_READS = 4;

/**
 * Time for which an event is asked for again, in ms. One whose transaction ended late can be read only after later ones;
 * the engine writes most in transactions of their own, which take milliseconds.
 */
export const EVENT_OVERLAP = 5_000;

/**
 * Times that an object is read again with the next events while it shows nothing new. The engine writes some events a moment
 * before what they tell of: that a VM is down before it looks at the other VMs of the host, and then writes all of them.
 */
export const MAX_REPEATS = 2;

/** Longest wait for events, in ms. Beyond it a full reading is due, which needs the engine just as much. */
export const EVENTS_TIMEOUT = 10_000;

/** Most VMs that are read in turn between two polls, so that events wait less than a second for them. */
export const MAX_TURN_READS = 40;

/** Time after an event at which a VM is read once more for its guest agent, in ms: it reports when the guest has started. */
export const GUEST_REPORT_DELAY = 60_000;

/** Time for which a unit counts as in use after a call, in ms. An engine balances every minute. */
export const USE_TIME = 600_000;

/** Findings of a poll: the objects as read after it began, and how long ago their events came. */
export interface Poll extends SnapshotDelta {
  /** Start by the monotonic clock, in ms. */
  readonly began: number;
  /** Time from each new event, by the clock of the engine, to the end of the poll, in ms. */
  readonly lags: readonly number[];
  /** Memory of hosts that was read since the last poll. */
  readonly memory: ReadMemory['memory'];
}

/** Follower of the engine's events. */
export interface EventFollower {
  /** Notes the newest events, with which a full reading begins. Resolves to the reason why events can't be followed, if so. */
  readonly begin: (signal: AbortSignal) => Promise<SchedulingError | undefined>;
  /** Returns the id of the newest event, 0 before the first. */
  readonly eventId: () => number;
  /** Reports whether the engine has listed no event yet: one that is new, or one that shows none to this account. */
  readonly isSilent: () => boolean;
  /**
   * Reads the events since the last poll, then each object that they name, and the VMs whose turn it is. Rejects when events
   * may have been lost, or too many objects changed, so that a full reading is due.
   */
  readonly poll: (snapshot: Snapshot, signal: AbortSignal) => Promise<Poll>;
  /** Returns the objects that polls have read from now on, which a full reading under way may have read before. */
  readonly watch: () => ObjectIds;
  /** Ends that. */
  readonly unwatch: () => void;
  /** Lets the next poll read these objects, after a full reading, and those that a poll is reading. */
  readonly readAgain: (objects: ObjectIds) => void;
  /** Lets the next poll read this VM. */
  readonly readNext: (vmId: string) => void;
  /** Notes that what no event tells of is needed. */
  readonly use: (data: UnannouncedData) => void;
  /** Cancels what it reads beside the polls, and waits for its end. */
  readonly close: () => Promise<void>;
}

/** Options of a follower. */
export interface EventFollowerOptions {
  readonly client: Pick<EngineClient, 'listEvents' | 'readVm' | 'readHost' | 'listHosts'>;
  readonly pool: VmPool;
  readonly settings: Pick<InventorySettings, 'refreshInterval' | 'maxStaleness'>;
  /** Called with a VM that the engine has no more, and the start of the reading by the monotonic clock. Must not throw. */
  readonly onVmGone: (vmId: string, began: number) => void;
  readonly log: Log;
  readonly clock: Clock;
  readonly steady: Clock;
  readonly after: After;
}

/** Creates a follower that has noted no event yet. */
export function createEventFollower(options: EventFollowerOptions): EventFollower {
  const { client, pool, onVmGone, log, clock, steady, after } = options;
  /**
   * Events of the last {@link EVENT_OVERLAP}, and the newest before these, after which late ones come, by id: each answer has to
   * have them again.
   */
  let known = new Map<number, { readonly time: number; readonly seen: number }>();
  let pending = noObjects();
  /** Objects that a poll under way reads. */
  let polled = noObjects();
  /** Most objects that may wait at the next poll: any number after a full reading, of which another one would find as many. */
  let mostWaiting = Infinity;
  /** Number of times that each object which an event named was read in vain. */
  const vain = new Map<string, number>();
  /** Objects that a further event named before the first one showed. */
  const namedAgain = new Set<string>();
  let watched: ObjectIds | undefined;
  /** True until the engine lists its first event, of whatever kind. */
  let isSilent = false;
  const lastUse = new Map<UnannouncedData, number>();
  /** VMs to be read once more, in the order of the time when. */
  const guestReports = new Map<string, number>();
  const hostMemory = createHostMemoryReader(options);

  const newestId = () => [...known.keys()].reduce((left, right) => Math.max(left, right), 0);
  const oldestId = () => [...known.keys()].reduce((left, right) => Math.min(left, right), newestId());
  /** Returns the id after which events are listed, and the oldest known one with them. Throws when the engine takes none so high. */
  function idBefore(): number {
    const from = Math.max(0, oldestId() - 1);
    if (from > MAX_FROM) throw outgrown(from);
    return from;
  }
  const isInUse = (data: UnannouncedData) => steady.now() - (lastUse.get(data) ?? -Infinity) < USE_TIME;

  async function list(query: EventQuery, signal: AbortSignal): Promise<readonly EngineEvent[]> {
    let events: EngineEvent[] = [];
    let oddity: string | undefined;
    await runWithin(
      (own) =>
        client.listEvents(
          query,
          () => {
            [events, oddity] = [[], undefined];
            return {
              // Those before one that can't be understood are not needed to begin with.
              record: (event) => oddity ?? events.push(event),
              odd: (reason) => (oddity ??= reason),
            };
          },
          own,
        ),
      { signal, ms: EVENTS_TIMEOUT, after, late: tooLate },
    );
    const canBegin = query === 'newest' && events.length > 0;
    if (oddity !== undefined && !canBegin) throw lost(`one of them can't be understood: ${oddity}`);
    return events;
  }

  /** Finds out what it means that no event of a host or a VM is found. Throws for an engine whose search finds none at all. */
  async function expectSearch(signal: AbortSignal): Promise<void> {
    const [any] = await list('newest of any kind', signal);
    isSilent = any === undefined;
    // A search that an engine does not understand finds nothing, with status 200.
    if (any !== undefined && (await list({ code: any.code }, signal)).length === 0) throw notFound();
  }

  /** Returns the events that are new. Throws when one that is known is missing or another: the engine's database was restored. */
  function newEvents(events: readonly EngineEvent[]): readonly EngineEvent[] {
    const times = new Map(events.map(({ id, time }) => [id, time]));
    for (const [id, { time }] of known) {
      if (times.get(id) !== time) throw lost(`its event ${id} is gone, as after a restored backup`);
    }
    return events.filter(({ id }) => !known.has(id));
  }

  function note(events: readonly EngineEvent[]): void {
    const now = steady.now();
    if (events.length > 0) isSilent = false;
    for (const { id, time } of events) known.set(id, { time, seen: now });
    const settled = [...known].filter(([, { seen }]) => now - seen >= EVENT_OVERLAP).map(([id]) => id);
    const lastSettled = settled.reduce((left, right) => Math.max(left, right), 0);
    for (const id of known.keys()) if (id < lastSettled) known.delete(id);
    for (const { kind, objectId } of events) {
      if (objectId === undefined) continue;
      if (pending[kind].has(objectId)) namedAgain.add(objectId);
      pending[kind].add(objectId);
      vain.delete(objectId);
      if (kind === 'host') continue;
      guestReports.delete(objectId);
      guestReports.set(objectId, now + GUEST_REPORT_DELAY);
    }
  }

  /**
   * Lets the next poll read a named object again: a few times while it shows nothing new, and as often once it does when more
   * than one event has named it, of which the last may come before what it tells of.
   */
  function repeat(kind: keyof ObjectIds, id: string, isNew: boolean): void {
    const timesIfNew = namedAgain.has(id) ? 0 : Infinity;
    const times = isNew ? timesIfNew : (vain.get(id) ?? 0) + 1;
    if (isNew || times > MAX_REPEATS) namedAgain.delete(id);
    if (times > MAX_REPEATS) {
      vain.delete(id);
      return;
    }
    vain.set(id, times);
    pending[kind].add(id);
  }

  function vmsInTurn(): readonly string[] {
    const due: string[] = [];
    for (const [id, time] of guestReports) {
      if (time > steady.now() || due.length === MAX_TURN_READS) break;
      guestReports.delete(id);
      if (isInUse('guestReports')) due.push(id);
    }
    return due;
  }

  async function readVm(
    id: string,
    snapshot: Snapshot,
    signal: AbortSignal,
    vms: Collected<Vm>,
  ): Promise<void> {
    const began = steady.now();
    const parsed = await client.readVm(id, signal);
    if (parsed === undefined) onVmGone(id, began);
    const record = usable('vm', id, parsed);
    const before = snapshot.vm(id);
    const vm = record?.hostId === undefined ? undefined : pool.lookedUp(record, before);
    if (vm === undefined) vms.removed.push(id);
    else if (vm !== before) vms.changed.push(vm);
  }

  async function readHost(
    id: string,
    snapshot: Snapshot,
    signal: AbortSignal,
    hosts: Collected<HostRecord>,
  ): Promise<void> {
    const read = usable('host', id, await client.readHost(id, signal));
    if (read === undefined) {
      hosts.removed.push(id);
      return;
    }
    const { name, clusterId, memory } = read;
    const before = snapshot.host(id);
    const freeMiB = before?.memory.freeMiB;
    const status = pool.status(read.status) ?? 'unknown';
    const host: HostRecord = { id, name, clusterId, status, memory: { ...memory, freeMiB } };
    if (!isSameHost(host, before)) hosts.changed.push(host);
  }

  /** Returns the record of an object; undefined for one that is gone, or unusable, which a listing skips as well. */
  function usable<Record extends EngineVm | EngineHost>(
    kind: string,
    id: string,
    parsed: { readonly record?: Record; readonly odd?: string } | undefined,
  ): Record | undefined {
    if (parsed?.odd !== undefined)
      log.warn('engine object skipped', { kind, reason: parsed.odd }, `${kind} ${id}`);
    return parsed?.record;
  }

  async function poll(snapshot: Snapshot, signal: AbortSignal): Promise<Poll> {
    const time = clock.now();
    const began = steady.now();
    const events = newEvents(await list({ from: idBefore() }, signal));
    note(events);
    const { vm, host } = pending;
    pending = noObjects();
    polled = { vm: new Set([...vm, ...vmsInTurn()]), host };
    const waiting = vm.size + host.size;
    if (waiting > mostWaiting)
      throw lost(`${waiting} objects changed, more than the ${mostWaiting} that are read one by one`);
    mostWaiting = Math.max(MAX_CHANGED, waiting);
    const hosts: Collected<HostRecord> = { changed: [], removed: [] };
    const vms: Collected<Vm> = { changed: [], removed: [] };
    if (isInUse('hostMemory')) hostMemory.begin();
    await readAll(
      [
        ...[...polled.vm].map((id) => (own: AbortSignal) => readVm(id, snapshot, own, vms)),
        ...[...host].map((id) => (own: AbortSignal) => readHost(id, snapshot, own, hosts)),
      ],
      signal,
    );
    const newVms = newIn(vms, snapshot.vm);
    for (const id of vm) repeat('vm', id, newVms.has(id));
    const newHosts = newIn(hosts, snapshot.host);
    for (const id of host) repeat('host', id, newHosts.has(id));
    if (watched !== undefined) addObjects(watched, polled);
    polled = noObjects();
    const now = clock.now();
    const { time: memoryTime, memory } = hostMemory.take() ?? { time: -Infinity, memory: new Map() };
    return {
      time,
      began,
      eventId: newestId(),
      memoryTime,
      memory,
      hosts,
      vms,
      lags: events.map((event) => Math.max(0, now - event.time)),
    };
  }

  return {
    async begin(signal) {
      pending = noObjects();
      mostWaiting = Infinity;
      vain.clear();
      namedAgain.clear();
      try {
        const newest = await list('newest', signal);
        isSilent = false;
        if (newest.length === 0) await expectSearch(signal);
        known = new Map(newest.map(({ id, time }) => [id, { time, seen: steady.now() }]));
        // The oldest of them may be followed a little longer, to be given up again at once.
        if (newestId() > MAX_FROM) throw outgrown(newestId());
        return undefined;
      } catch (thrown) {
        return SchedulingError.from(thrown);
      }
    },
    eventId: newestId,
    isSilent: () => isSilent,
    poll,
    watch() {
      hostMemory.drop();
      return (watched = noObjects());
    },
    unwatch: () => (watched = undefined),
    readAgain(objects) {
      mostWaiting = Infinity;
      addObjects(pending, objects);
      addObjects(pending, polled);
    },
    readNext: (vmId) => void pending.vm.add(vmId),
    close: hostMemory.close,
    use: (data) => void lastUse.set(data, steady.now()),
  };
}

/** Changes that are being collected. */
type Collected<Changed> = { readonly [Field in keyof Changes<Changed>]: Changes<Changed>[Field][number][] };

/** Returns the ids of what changed, and of what was there and is gone. */
function newIn<Changed extends { readonly id: string }>(
  { changed, removed }: Collected<Changed>,
  find: (id: string) => Changed | undefined,
): ReadonlySet<string> {
  return new Set([...changed.map(({ id }) => id), ...removed.filter((id) => find(id) !== undefined)]);
}

/** Runs the tasks, few at the same time. Rejects with the first failure, after which no other starts. */
async function readAll(
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const all = linkAbort(signal);
  const left = tasks.values();
  const work = async () => {
    for (const task of left) await task(all.signal);
  };
  try {
    await Promise.all(Array.from({ length: MAX_CONCURRENT_READS }, work));
  } catch (thrown) {
    all.abort();
    throw thrown;
  } finally {
    all.unlink();
  }
}

function lost(reason: string): SchedulingError {
  return new SchedulingError(
    'UNAVAILABLE',
    `the events of the engine do not tell all that changed: ${reason}`,
  );
}

function notFound(): SchedulingError {
  return new SchedulingError(
    'UNAVAILABLE',
    'the engine has events, and its search finds none of them by its type: it may be too old to search for events',
  );
}

function outgrown(from: number): SchedulingError {
  return new SchedulingError(
    'UNAVAILABLE',
    `the ids of the engine's events reach ${from}, and it lists those after an id only up to ${MAX_FROM}`,
  );
}

function tooLate(): SchedulingError {
  return new SchedulingError(
    'UNAVAILABLE',
    `the engine did not list its events within ${EVENTS_TIMEOUT / 1000} s`,
  );
}
