import type { Direction, Migration, UnitProperty } from '../domain/contract.js';
import type { Host, Snapshot, Vm } from '../domain/snapshot.js';

/** What every unit says of itself. */
interface UnitDeclaration {
  /** 1 to 128 characters, unique among the units of its type: what the engine's database holds. */
  readonly name: string;
  /** One or two sentences for the administrator, who sees them in the engine. */
  readonly description: string;
  /** Properties that the unit reads. */
  readonly properties: readonly UnitProperty[];
}

/** What a unit is given to judge hosts for one VM. Everything in it is of one snapshot. */
export interface UnitRequest {
  /** The inventory, assumed placements included. */
  readonly snapshot: Snapshot;
  /** The VM to be scheduled. A stopped one is not part of the snapshot. */
  readonly vm: Vm;
  /** Hosts asked for that the inventory knows, in the order asked, each once. */
  readonly hosts: readonly Host[];
  /** The whole policy's properties, those of other units included. */
  readonly properties: ReadonlyMap<string, string>;
}

/** Scores one host after another for one request. */
export interface HostScorer {
  /**
   * Returns the host's value. HIGHER_IS_BETTER: an integer from 0 to 100. LOWER_IS_BETTER: any integer of 32 bits. The
   * runner checks it.
   */
  readonly score: (host: Host) => number;
  /** Returns why the host has its value, in words and numbers. Called only when the caller wants reasons. */
  readonly explain: (host: Host) => string;
}

/** A unit that gives each host a number. */
export interface ScoreUnit extends UnitDeclaration {
  readonly type: 'SCORE';
  /** How its values are read: as scores of 0..100, or as raw costs, which a sum first brings to that scale. */
  readonly direction: Direction;
  /**
   * Called once a request, before any host is scored: the place to read properties and to work out what all hosts share.
   * Must be synchronous and pure: no clock, no I/O, no state. What it throws is this unit's failure alone; a
   * SchedulingError reaches the caller with its message, anything else as INTERNAL with a fixed text.
   */
  readonly prepare: (request: UnitRequest) => HostScorer;
}

/** Judges one host after another for one request. */
export interface HostFilter {
  /** Reports whether the VM may run on the host. */
  readonly accepts: (host: Host) => boolean;
  /** Returns why the host is rejected, in words and numbers. Called for rejected hosts only, when the caller wants reasons. */
  readonly explain: (host: Host) => string;
}

/** A unit that accepts or rejects each host. */
export interface FilterUnit extends UnitDeclaration {
  readonly type: 'FILTER';
  /** Called like {@link ScoreUnit.prepare}. */
  readonly prepare: (request: UnitRequest) => HostFilter;
}

/** A move that was proposed or assumed lately, and that the snapshot may not show in full. */
export interface MoveUnderWay {
  /** As it was when it was proposed. */
  readonly vm: Vm;
  /** Absent for a VM that did not run before. */
  readonly sourceId: string | undefined;
  /** Where it may have gone: which of the candidates the engine takes shows only when the VM is there. */
  readonly destinationIds: readonly string[];
  /** Whether the snapshot has it at its destination, so that only the memory of the hosts may be as before. */
  readonly arrived: boolean;
}

/** What moved lately. A balance unit remembers nothing itself. */
export interface RecentMigrations {
  /** Reports whether a VM was proposed, or assumed elsewhere, so lately that it must not be proposed now. */
  readonly isCoolingDown: (vmId: string) => boolean;
  readonly underWay: readonly MoveUnderWay[];
}

/** What a unit is given to find a migration. */
export interface BalanceRequest extends Omit<UnitRequest, 'vm'> {
  /** What this service proposed lately, whichever unit it was, and what the caller assumes. */
  readonly recent: RecentMigrations;
}

/** What a balance unit makes of a request. */
export interface Proposal {
  /** Absent: nothing to do, or nothing that can be done. */
  readonly migration?: Migration;
  /** Returns why it is this migration, or none, in words and numbers. Called only when the caller wants to know. */
  readonly explain: () => string;
}

/** A unit that proposes a migration. */
export interface BalanceUnit extends UnitDeclaration {
  readonly type: 'BALANCE';
  /**
   * Proposes a migration among the hosts, or nothing. Pure, like {@link ScoreUnit.prepare}. The engine migrates at once,
   * to whichever of the candidates it likes best, so every candidate has to be good, and none may be the next source.
   */
  readonly propose: (request: BalanceRequest) => Proposal;
}

/** Any unit of the scoring engine. */
export type Unit = ScoreUnit | FilterUnit | BalanceUnit;
