import type { Vm } from '../domain/snapshot.js';

/** A move that was proposed lately, and that the snapshot may not show in full. */
export interface MoveUnderWay {
  /** As it was when it was proposed. */
  readonly vm: Vm;
  readonly sourceId: string;
  /** Where it may have gone: which of the candidates the engine takes shows only when the VM is there. */
  readonly destinationIds: readonly string[];
  /** Whether the snapshot has it at its destination, so that only the memory of the hosts may be as before. */
  readonly arrived: boolean;
}

/** What a service proposed lately. A balance unit remembers nothing itself. */
export interface RecentMigrations {
  /** Whether a VM was proposed so lately that it must not be proposed again. */
  readonly isCoolingDown: (vmId: string) => boolean;
  readonly underWay: readonly MoveUnderWay[];
}
