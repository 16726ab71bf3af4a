import type { KeptReservation } from './inventory.js';
import type { UnannouncedData } from './snapshot.js';
import type { Changes, SnapshotDelta } from './snapshot-delta.js';

/** A change of an inventory: of its snapshot, of its reservations, or only of its time. */
export interface InventoryChange {
  readonly delta: SnapshotDelta;
  /** Age of the snapshot when the change was made, in milliseconds. */
  readonly ageMs: number;
  /** Reservations that are new or changed, and the VMs whose reservation ended. */
  readonly reservations: Changes<KeptReservation>;
}

/** A running VM on a host where the snapshot before did not have it: it started there, or moved. */
export interface SeenPlacement {
  readonly vmId: string;
  readonly hostId: string;
  /** Time of the first snapshot that shows it, in milliseconds since the epoch; of a replica by the clock of its reader. */
  readonly at: number;
}

/** An inventory as others follow it. */
export interface InventoryFeed {
  /** Returns all that there is, as a change of an empty inventory. Throws UNAVAILABLE when no snapshot is fresh enough. */
  readonly whole: () => InventoryChange;
  /** Returns how the inventory is, as a change of nothing. Undefined before the first snapshot. */
  readonly unchanged: () => InventoryChange | undefined;
  /** Calls a listener, which must not throw, with each change. Returns a function that ends that. */
  readonly onChange: (listener: (change: InventoryChange) => void) => () => void;
  /**
   * Calls a listener, which must not throw, with each VM that a new snapshot shows on another host, once that snapshot is the
   * newest. None is told of the first snapshot, nor of a VM that left its host and came back between two. Returns a function
   * that ends that.
   */
  readonly onPlacement: (listener: (placement: SeenPlacement) => void) => () => void;
  /** Calls a listener, which must not throw, with each VM that the engine has no more, as an event told. A replica hears of none. */
  readonly onVmGone: (listener: (vmId: string) => void) => void;
  /** Called now and then for a follower that needs what no event tells of. */
  readonly use: (data: UnannouncedData) => void;
  /** Aborts when there will be no more changes. */
  readonly closed: AbortSignal;
}

/** A step in the changes of an inventory. */
export interface FeedPosition {
  /** Id of the series that the step is one of. */
  readonly epoch: string;
  readonly sequence: number;
}

/** Asks to follow an inventory. */
export interface FollowRequest {
  /** The last step that was taken over; undefined for the whole inventory. */
  readonly from: FeedPosition | undefined;
  /** Data that the follower uses and no event tells of. */
  readonly uses: readonly UnannouncedData[];
}

/** A part of a step. The parts up to the first without `more` are taken over together. */
export interface FeedPart extends FeedPosition, InventoryChange {
  /** True for the first part of the whole inventory, in place of all that came before. */
  readonly restart: boolean;
  readonly more: boolean;
}
