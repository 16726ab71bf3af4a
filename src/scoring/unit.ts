import type { Direction, Migration, UnitProperty } from '../domain/contract.js';
import type { Host, Snapshot, Vm } from '../domain/snapshot.js';

/** The declaration that all units share. */
interface UnitDeclaration {
  /** 1 to 128 characters, as the engine's database holds; unique among the units of its type. */
  readonly name: string;
  /** One or two sentences for the administrator, who sees them in the engine. */
  readonly description: string;
  /** Properties that the unit reads. */
  readonly properties: readonly UnitProperty[];
}

/** A request to a unit to score or filter hosts for one VM, all from one snapshot. */
export interface UnitRequest {
  /** The inventory, assumed placements included. */
  readonly snapshot: Snapshot;
  /** The VM to be scheduled. A stopped one is not part of the snapshot. */
  readonly vm: Vm;
  /** Known hosts in the order asked, each once. */
  readonly hosts: readonly Host[];
  /** The whole policy's properties, those of other units included. */
  readonly properties: ReadonlyMap<string, string>;
}

/** A scorer of hosts for one request. */
export interface HostScorer {
  /**
   * Returns the host's value, which the caller checks: with HIGHER_IS_BETTER an integer from 0 to 100, with
   * LOWER_IS_BETTER any 32-bit integer.
   */
  readonly score: (host: Host) => number;
  /** Returns the reason for the host's value, in words and numbers. Called only when reasons are wanted. */
  readonly explain: (host: Host) => string;
}

/** A unit that gives each host a number. */
export interface ScoreUnit extends UnitDeclaration {
  readonly type: 'SCORE';
  /** Meaning of its values: scores of 0..100, or raw costs, which are normalized to that scale before they are summed. */
  readonly direction: Direction;
  /** Reports whether it compares what guest agents report; absent if it never does. */
  readonly readsGuestReports?: (properties: ReadonlyMap<string, string>) => boolean;
  /**
   * Called once per request, before any host is scored, to read properties and compute what all hosts share. Must be
   * synchronous and pure: no clock, no I/O, no state. If it throws, only this unit fails: a SchedulingError reaches the
   * caller with its message, anything else as INTERNAL with a fixed text.
   */
  readonly prepare: (request: UnitRequest) => HostScorer;
}

/** A filter of hosts for one request. */
export interface HostFilter {
  /** Reports whether the VM may run on the host. */
  readonly accepts: (host: Host) => boolean;
  /** Returns the reason for the rejection, in words and numbers. Called only for rejected hosts, when reasons are wanted. */
  readonly explain: (host: Host) => string;
}

/** A unit that accepts or rejects each host. */
export interface FilterUnit extends UnitDeclaration {
  readonly type: 'FILTER';
  /** Called like {@link ScoreUnit.prepare}. */
  readonly prepare: (request: UnitRequest) => HostFilter;
}

/** A recently proposed or assumed move that the snapshot may not fully show. */
export interface MoveUnderWay {
  /** State at the time of the proposal. */
  readonly vm: Vm;
  /** Absent for a VM that did not run before. */
  readonly sourceId: string | undefined;
  /** Hosts to which it may move: only the arrival shows which candidate the engine chose. */
  readonly destinationIds: readonly string[];
  /** True when the snapshot shows it at its destination; only the hosts' memory may still be as before. */
  readonly arrived: boolean;
}

/** The recent migrations, for balance units, which keep no state themselves. */
export interface RecentMigrations {
  /** Reports whether a VM was proposed or assumed elsewhere too recently to be proposed again. */
  readonly isCoolingDown: (vmId: string) => boolean;
  readonly underWay: readonly MoveUnderWay[];
}

/** A request to a unit to propose a migration. */
export interface BalanceRequest extends Omit<UnitRequest, 'vm'> {
  /** Recent proposals of all units of this service, and the caller's assumed placements. */
  readonly recent: RecentMigrations;
}

/** The proposal of a balance unit. */
export interface Proposal {
  /** Absent when nothing needs to, or can, be done. */
  readonly migration?: Migration;
  /** Returns the reason for this migration, or for none, in words and numbers. Called only when it is wanted. */
  readonly explain: () => string;
}

/** A unit that proposes a migration. */
export interface BalanceUnit extends UnitDeclaration {
  readonly type: 'BALANCE';
  /**
   * Proposes a migration among the hosts, or nothing. Pure, like {@link ScoreUnit.prepare}. The engine migrates at once to
   * whichever candidate it prefers, so each must be suitable and none may become the next source.
   */
  readonly propose: (request: BalanceRequest) => Proposal;
}

/** Any unit of the scoring engine. */
export type Unit = ScoreUnit | FilterUnit | BalanceUnit;
