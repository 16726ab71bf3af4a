import { SchedulingError } from '../domain/errors.js';
import type { KeptReservation } from '../domain/inventory.js';
import { assumePlacements, type ResolvedPlacement } from '../domain/snapshot-delta.js';
import type { ReservedSnapshot, Snapshot } from '../domain/snapshot.js';
import type { Clock } from '../lib/timers.js';

/**
 * Most reservations at a time. An engine starts a few VMs a second, and each ends within seconds. After a change a snapshot
 * with 20 VMs moved is made in 0.3 ms, one with 1,000 in about 10 ms, in which a call waits.
 */
export const MAX_RESERVATIONS = 1000;

/** Most predictions at a time, beside the reservations; for a further one the oldest is dropped. */
export const MAX_PREDICTIONS = 1000;

/** Time for which a prediction counts, in ms: a start shows within seconds, and most migrations end within two minutes. */
export const PREDICTION_TTL_MS = 120_000;

/**
 * The end of a prediction: the VM came to the host predicted, or to another one, or to none in time; or the prediction was
 * dropped, by a new call for the VM, a reservation, the end of the VM or of predictions, or for want of room.
 */
export type PredictionEnd = 'right' | 'wrong' | 'unseen' | 'dropped';

/** A placement with the name of its host. */
interface NamedPlacement extends ResolvedPlacement {
  readonly hostName: string;
}

/** A prediction to keep. */
export interface Prediction extends NamedPlacement {
  /** Time at which the engine's call came, by the monotonic clock: a reading begun before does not tell. */
  readonly calledAt: number;
  /** Host that the VM had then; undefined for a stopped one. */
  readonly hostBefore: string | undefined;
}

/** Host where a look-up saw a VM that the snapshot does not show there yet. */
export interface Sighting extends NamedPlacement {
  /** Start of the look-up by the monotonic clock. */
  readonly began: number;
}

/** Host of a VM in a reading, which began at a time by the monotonic clock. */
export interface VmReading {
  readonly began: number;
  readonly hostId: string | undefined;
}

/** Options of reservations. */
export interface ReservationsOptions {
  /** Wall clock, for the times that are shown. */
  readonly clock: Clock;
  /** Monotonic clock. */
  readonly steady: Clock;
  /** Called with the end of each prediction. Must not throw. */
  readonly onPredictionEnd: (vmId: string, end: PredictionEnd) => void;
  /** Called with what is now kept for a VM; undefined when that has ended. Must not throw. */
  readonly onChange?: ((vmId: string, kept: KeptReservation | undefined) => void) | undefined;
}

/** Reservations and predictions, at most one of a VM. */
export interface Reservations {
  /**
   * Reserves a host in place of what was kept for the VM; as a dry run it only says what it would keep. Throws
   * RESOURCE_EXHAUSTED for more than {@link MAX_RESERVATIONS}.
   */
  readonly reserve: (placement: NamedPlacement, ttlMs: number, dryRun?: boolean) => KeptReservation;
  /** Keeps a prediction in place of an earlier one; none for a VM that is reserved, which is no guess. Reports whether it does. */
  readonly predict: (prediction: Prediction) => boolean;
  /** Ends what is kept for a VM, and returns it; as a dry run it only returns it. */
  readonly release: (vmId: string, dryRun?: boolean) => KeptReservation | undefined;
  /** Keeps for so many ms what another store keeps, in place of what was kept for the VM. */
  readonly copy: (kept: KeptReservation, ms: number) => void;
  /** Drops the prediction for a VM, if there is one. Returns the host of a VM that a look-up saw, which goes on counting there. */
  readonly dropPrediction: (vmId: string) => string | undefined;
  /**
   * Ends a prediction if a look-up begun after the call shows the VM at another host than before. The VM then counts where it
   * was seen, until a reading begun after the end of that look-up. Reports whether it does.
   */
  readonly vmSeen: (sighting: Sighting) => boolean;
  /** Ends what is kept for a VM that the engine no longer has, as a reading shows that began at a time by the monotonic clock. */
  readonly vmGone: (vmId: string, began: number) => void;
  /** Ends the prediction for a VM that does not start. */
  readonly startFailed: (vmId: string) => void;
  /** Ends all predictions; VMs that a look-up saw go on counting there. */
  readonly dropPredictions: () => void;
  /** Returns what is kept, the oldest first. */
  readonly list: () => readonly KeptReservation[];
  /** Ends what a reading of a VM shows to be over: a delta's, a look-up's, or that of a whole listing. */
  readonly vmRead: (vmId: string, reading: VmReading) => void;
  /** Does the same for every VM of a whole listing. */
  readonly listingRead: (snapshot: Snapshot, began: number) => void;
  /** Returns the snapshot with what is kept counted in, but for one VM. */
  readonly countedIn: (snapshot: Snapshot, exceptVmId?: string) => ReservedSnapshot;
}

interface Entry extends KeptReservation {
  /** By the monotonic clock. A reading begun by then does not end it. */
  readonly since: number;
  readonly until: number;
  readonly hostBefore?: string | undefined;
  /** True for what was predicted, and then seen by a look-up. */
  readonly seen?: boolean;
}

/** Creates an empty store. */
export function createReservations(options: ReservationsOptions): Reservations {
  const { clock, steady, onPredictionEnd, onChange } = options;
  const entries = new Map<string, Entry>();
  let firstEnd = Infinity;
  /** The last snapshots made, with all entries and without one, for as long as neither snapshot nor entries change. */
  let made: { readonly of: Snapshot; all?: ReservedSnapshot; without?: Excepted } | undefined;

  /** Keeps an entry, as the newest. */
  function keep(entry: Entry): Entry {
    entries.delete(entry.vm.id);
    entries.set(entry.vm.id, entry);
    firstEnd = Math.min(firstEnd, entry.until);
    made = undefined;
    onChange?.(entry.vm.id, entry);
    return entry;
  }

  function end(entry: Entry, how: PredictionEnd): void {
    entries.delete(entry.vm.id);
    made = undefined;
    onChange?.(entry.vm.id, undefined);
    if (entry.predicted && entry.seen !== true) onPredictionEnd(entry.vm.id, how);
  }

  /** Ends what is over by now. */
  function expire(): void {
    const now = steady.now();
    if (now < firstEnd) return;
    firstEnd = Infinity;
    for (const entry of entries.values()) {
      if (entry.until <= now) end(entry, 'unseen');
      else firstEnd = Math.min(firstEnd, entry.until);
    }
  }

  const ofKind = (predicted: boolean) =>
    [...entries.values()].filter((entry) => entry.predicted === predicted);

  function entryFor(placement: NamedPlacement, ttlMs: number, since = steady.now()) {
    const startTime = clock.now();
    return { ...placement, since, until: steady.now() + ttlMs, startTime, endTime: startTime + ttlMs };
  }

  function vmRead(vmId: string, { began, hostId }: VmReading): void {
    const entry = entries.get(vmId);
    if (entry === undefined || began <= entry.since) return;
    if (!entry.predicted && hostId === entry.hostId) end(entry, 'right');
    else if (entry.seen === true || hasMoved(entry, hostId))
      end(entry, hostId === entry.hostId ? 'right' : 'wrong');
  }

  function dropPrediction(vmId: string, how: PredictionEnd = 'dropped'): string | undefined {
    const entry = entries.get(vmId);
    if (entry?.seen === true) return entry.hostId;
    if (entry?.predicted === true) end(entry, how);
    return undefined;
  }

  function make(snapshot: Snapshot, exceptVmId?: string): ReservedSnapshot {
    const placements = [...entries.values()].filter(
      ({ vm, hostId }) => vm.id !== exceptVmId && snapshot.host(hostId) !== undefined,
    );
    return { placements, snapshot: assumePlacements(snapshot, placements) };
  }

  return {
    reserve(placement, ttlMs, dryRun = false) {
      expire();
      const before = entries.get(placement.vm.id);
      if (before?.predicted !== false && ofKind(false).length >= MAX_RESERVATIONS) throw full();
      const entry = { ...entryFor(placement, ttlMs), predicted: false };
      if (dryRun) return entry;
      if (before !== undefined) end(before, 'dropped');
      return keep(entry);
    },
    predict({ calledAt, hostBefore, ...placement }) {
      expire();
      const before = entries.get(placement.vm.id);
      if (before?.predicted === false) return false;
      if (before !== undefined) end(before, 'dropped');
      const [oldest, ...others] = ofKind(true);
      if (oldest !== undefined && others.length + 1 >= MAX_PREDICTIONS) end(oldest, 'dropped');
      keep({ ...entryFor(placement, PREDICTION_TTL_MS, calledAt), predicted: true, hostBefore });
      return true;
    },
    release(vmId, dryRun = false) {
      expire();
      const entry = entries.get(vmId);
      if (entry !== undefined && !dryRun) end(entry, 'dropped');
      return entry;
    },
    copy: (kept, ms) => void keep({ ...kept, since: steady.now(), until: steady.now() + ms }),
    dropPrediction,
    dropPredictions: () => [...entries.keys()].forEach((vmId) => dropPrediction(vmId)),
    startFailed: (vmId) => void dropPrediction(vmId, 'unseen'),
    vmGone(vmId, began) {
      const entry = entries.get(vmId);
      if (entry !== undefined && began > entry.since) end(entry, 'dropped');
    },
    vmSeen({ began, ...placement }) {
      const { vm, hostId } = placement;
      const entry = entries.get(vm.id);
      if (entry === undefined || entry.seen === true || began <= entry.since) return false;
      if (!hasMoved(entry, hostId)) return false;
      end(entry, hostId === entry.hostId ? 'right' : 'wrong');
      const { hostBefore } = entry;
      // Since now: a poll that has begun already reads only what events named by then.
      keep({ ...entryFor(placement, PREDICTION_TTL_MS), predicted: true, hostBefore, seen: true });
      return true;
    },
    list() {
      expire();
      return [...entries.values()];
    },
    vmRead,
    listingRead(snapshot, began) {
      expire();
      for (const id of entries.keys()) vmRead(id, { began, hostId: snapshot.vm(id)?.hostId });
    },
    countedIn(snapshot, exceptVmId) {
      expire();
      if (entries.size === 0) return { snapshot, placements: [] };
      if (made?.of !== snapshot) made = { of: snapshot };
      if (exceptVmId === undefined || !entries.has(exceptVmId)) return (made.all ??= make(snapshot));
      if (made.without?.vmId !== exceptVmId)
        made.without = { vmId: exceptVmId, reserved: make(snapshot, exceptVmId) };
      return made.without.reserved;
    },
  };
}

/** Reports whether a VM for which there is a prediction is at another host than when the call came. */
function hasMoved({ predicted, hostBefore }: Entry, hostId: string | undefined): hostId is string {
  return predicted && hostId !== undefined && hostId !== hostBefore;
}

/** A snapshot with all reservations but that of one VM. */
interface Excepted {
  readonly vmId: string;
  readonly reserved: ReservedSnapshot;
}

function full(): SchedulingError {
  return new SchedulingError(
    'RESOURCE_EXHAUSTED',
    `${MAX_RESERVATIONS} VMs are reserved, the most that are kept; release those that are placed, or reserve for a shorter time`,
  );
}
