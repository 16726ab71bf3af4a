import type { InventoryChange, InventoryFeed, SeenPlacement } from '../domain/inventory-feed.js';
import type { KeptReservation } from '../domain/inventory.js';
import type { Snapshot, UnannouncedData } from '../domain/snapshot.js';
import { stampOf, type SnapshotDelta } from '../domain/snapshot-delta.js';
import type { Clock } from '../lib/timers.js';
import type { SnapshotUpdate } from './refresher.js';

/** Options of a feed. */
export interface FeedOptions {
  /** Returns the newest snapshot. Throws UNAVAILABLE when it is not fresh enough. */
  readonly current: () => Snapshot;
  readonly listReservations: () => readonly KeptReservation[];
  /** Monotonic clock. */
  readonly steady: Clock;
  readonly use: (data: UnannouncedData) => void;
}

/** A feed, and what it is told. */
export interface WritableFeed extends InventoryFeed {
  /** Tells of a new snapshot, and of the reservations that changed since the last one. */
  readonly update: (update: SnapshotUpdate) => void;
  /** Tells, at the end of this turn, what is now kept for a VM. */
  readonly reserved: (vmId: string, kept: KeptReservation | undefined) => void;
  /** Tells of a VM that the engine has no more. */
  readonly vmGone: (vmId: string) => void;
  readonly close: () => void;
}

/** Creates the feed of an inventory. */
export function createFeed({ current, listReservations, steady, use }: FeedOptions): WritableFeed {
  const listeners = new Set<(change: InventoryChange) => void>();
  const placementListeners = new Set<(placement: SeenPlacement) => void>();
  const goneListeners = new Set<(vmId: string) => void>();
  const reserved = new Map<string, KeptReservation | undefined>();
  const closing = new AbortController();
  let newest: SnapshotUpdate | undefined;

  const nothing = (snapshot: Snapshot): SnapshotDelta => ({
    ...stampOf(snapshot),
    hosts: { changed: [], removed: [] },
    vms: { changed: [], removed: [] },
  });

  const ageMs = () => (newest === undefined ? 0 : Math.max(0, steady.now() - newest.began));

  function tell(delta: SnapshotDelta): void {
    const kept = [...reserved];
    reserved.clear();
    const reservations = {
      changed: kept.flatMap(([, one]) => one ?? []),
      removed: kept.filter(([, one]) => one === undefined).map(([id]) => id),
    };
    for (const listener of listeners) listener({ delta, ageMs: ageMs(), reservations });
  }

  function tellPlacements(before: Snapshot, { snapshot, delta }: SnapshotUpdate): void {
    if (placementListeners.size === 0) return;
    for (const { id, hostId } of delta?.vms.changed ?? []) {
      if (hostId === undefined || hostId === before.vm(id)?.hostId) continue;
      for (const listener of placementListeners) listener({ vmId: id, hostId, at: snapshot.time });
    }
  }

  return {
    whole() {
      const snapshot = current();
      return {
        delta: {
          ...nothing(snapshot),
          hosts: { changed: snapshot.hosts, removed: [] },
          vms: { changed: [...snapshot.vms()], removed: [] },
        },
        ageMs: ageMs(),
        reservations: { changed: listReservations(), removed: [] },
      };
    },
    unchanged: () =>
      newest && {
        delta: nothing(newest.snapshot),
        ageMs: ageMs(),
        reservations: { changed: [], removed: [] },
      },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onPlacement(listener) {
      placementListeners.add(listener);
      return () => placementListeners.delete(listener);
    },
    onVmGone: (listener) => void goneListeners.add(listener),
    vmGone(vmId) {
      for (const listener of goneListeners) listener(vmId);
    },
    update(update) {
      const before = newest?.snapshot;
      newest = update;
      tell(update.delta ?? nothing(update.snapshot));
      if (before !== undefined) tellPlacements(before, update);
    },
    reserved(vmId, kept) {
      if (listeners.size === 0) return;
      if (reserved.size === 0) {
        queueMicrotask(() => {
          if (reserved.size > 0 && newest !== undefined) tell(nothing(newest.snapshot));
        });
      }
      reserved.set(vmId, kept);
    },
    use,
    closed: closing.signal,
    close: () => closing.abort(),
  };
}
