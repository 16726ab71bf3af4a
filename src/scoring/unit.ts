import type { Migration, UnitProperty } from '../domain/contract.js';
import type { Host, Snapshot, Vm } from '../domain/snapshot.js';
import type { RecentMigrations } from './recent-migrations.js';

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
  /** The host's score: an integer from 0 to 100, higher is better. The runner checks it. */
  readonly score: (host: Host) => number;
  /** Why the host has its score, in words and numbers. Called only when the caller wants reasons. */
  readonly explain: (host: Host) => string;
}

/** A unit that gives each host a number. */
export interface ScoreUnit extends UnitDeclaration {
  readonly type: 'SCORE';
  /**
   * Called once a request, before any host is scored: the place to read properties and to work out what all hosts share.
   * Must be synchronous and pure: no clock, no I/O, no state. What it throws is this unit's failure alone; a
   * SchedulingError reaches the caller with its message, anything else as INTERNAL with a fixed text.
   */
  readonly prepare: (request: UnitRequest) => HostScorer;
}

/** A unit that accepts or rejects each host. */
export interface FilterUnit extends UnitDeclaration {
  readonly type: 'FILTER';
  /** Like {@link ScoreUnit.prepare}; the function that it returns says of one host whether the VM may run there. */
  readonly prepare: (request: UnitRequest) => (host: Host) => boolean;
}

/** What a unit is given to find a migration. */
export interface BalanceRequest extends Omit<UnitRequest, 'vm'> {
  /** What this service proposed lately, whichever unit it was. */
  readonly recent: RecentMigrations;
}

/** A unit that proposes a migration. */
export interface BalanceUnit extends UnitDeclaration {
  readonly type: 'BALANCE';
  /**
   * Proposes a migration among the hosts, or nothing. Pure, like {@link ScoreUnit.prepare}. The engine migrates at once,
   * to whichever of the candidates it likes best, so every candidate has to be good, and none may be the next source.
   */
  readonly propose: (request: BalanceRequest) => Migration | undefined;
}

/** Any unit of the policy engine. */
export type Unit = ScoreUnit | FilterUnit | BalanceUnit;
