import type { NotFoundSubject, SchedulingErrorCode } from './errors.js';

/** Lowest score that a unit may give a host. */
export const MIN_SCORE = 0;

/** Highest score that a unit may give a host: the best host there can be. */
export const MAX_SCORE = 100;

declare const scoreBrand: unique symbol;

/** An integer from {@link MIN_SCORE} to {@link MAX_SCORE}; higher is better. Branded, so that no cost passes for one. */
export type Score = number & { readonly [scoreBrand]: 'Score' };

/** Says whether a number is a {@link Score}. */
export function isScore(value: number): value is Score {
  return Number.isInteger(value) && value >= MIN_SCORE && value <= MAX_SCORE;
}

/** Largest signed 32-bit integer: what the wire and the engine can hold. */
export const MAX_INT32 = 2_147_483_647;

/** What the weights of one request may add up to, so that no sum of weight x score leaves 32 bits. */
export const MAX_WEIGHT_SUM = Math.floor(MAX_INT32 / MAX_SCORE);

/** The kind of a policy unit: it accepts or rejects a host, gives it a number, or proposes a migration. */
export type PolicyUnitType = 'FILTER' | 'SCORE' | 'BALANCE';

/** The way in which a score unit's values are read: as scores of 0..100, or as raw costs of which the lowest is best. */
export type Direction = 'HIGHER_IS_BETTER' | 'LOWER_IS_BETTER';

/** A property with which an administrator tunes a unit in a scheduling policy. */
export interface UnitProperty {
  /** Key in a request's properties: `[a-zA-Z0-9_]+`, as the engine demands (CustomPropertiesUtils.VALIDATION_STR). */
  readonly name: string;
  /** Regular expression that a whole value has to match; without `;`, at which the engine splits. */
  readonly pattern: string;
  readonly defaultValue: string;
  readonly description: string;
}

/** A unit as its service describes it. A unit's identity is its type and its name together. */
export interface PolicyUnit {
  readonly name: string;
  readonly type: PolicyUnitType;
  readonly description: string;
  readonly properties: readonly UnitProperty[];
  /** Set for score units only. */
  readonly direction?: Direction;
}

/** Something that would be a unit and is none, such as a plugin that can't be imported. */
export interface UnitProblem {
  /** A file, a plugin, or a service and what it names. */
  readonly source: string;
  /** The reason why it is no unit, in words for whoever can mend it. */
  readonly reason: string;
}

/** The units of a service. */
export interface PolicyUnitList {
  /** In an order that does not change between calls. */
  readonly units: readonly PolicyUnit[];
  /** What would be units and could not be made ones; empty when all is well. */
  readonly problems: readonly UnitProblem[];
  /** Whether the service knows hosts and VMs by itself, so that it can be asked for `ALL_UP`. */
  readonly hasInventory: boolean;
}

/** The facts that every call carries with it, made once at the rim and passed down unchanged. */
export interface Call {
  /** Names the call in the logs of both sides: 1 to 128 printable ASCII characters. */
  readonly requestId: string;
  /** Aborts when the caller went away or the deadline passed. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting: milliseconds since the epoch, Infinity for never. */
  readonly deadline: number;
  /** Number of composites that the call has come through; absent: none. What keeps composites from calling each other for ever. */
  readonly depth?: number;
  /** Whether the call leaves nothing behind: it is answered alike, and nothing remembers it. Absent: false. */
  readonly dryRun?: boolean;
}

/** The reason why a unit has no result. */
export interface UnitFailure {
  readonly code: SchedulingErrorCode;
  readonly message: string;
  /** What was not found, with code NOT_FOUND. */
  readonly notFound?: NotFoundSubject;
}

/** The outcome of one unit: its value, or why there is none. */
export type UnitResult<Value> =
  | { readonly unit: string; readonly value: Value; readonly failure?: never }
  | { readonly unit: string; readonly failure: UnitFailure; readonly value?: never };

/** A score unit to run, with the caller's factor for it. */
export interface WeightedUnit {
  readonly name: string;
  /** Integer of 0 or more. */
  readonly weight: number;
}

/** A VM to count at a host, and nowhere else, although the inventory does not show it there yet. */
export interface AssumedPlacement {
  readonly vmId: string;
  readonly hostId: string;
}

/**
 * The hosts of a request: ids in the order wanted, or every host that is up in the cluster of the VM. A list must not
 * change once it is handed over: a service may remember what it found for it.
 */
export type HostSelection = readonly string[] | 'ALL_UP';

/** Asks for the scores of hosts for one VM. Ids are UUIDs in lower case. */
export interface ScoreHostsRequest {
  readonly vmId: string;
  readonly hosts: HostSelection;
  /** Empty: every score unit of the service, each with weight 1. */
  readonly units: readonly WeightedUnit[];
  readonly properties: ReadonlyMap<string, string>;
  readonly assumedPlacements: readonly AssumedPlacement[];
  /** Whether the answer is explained. */
  readonly explain: boolean;
  /** With `explain`: how many of the best hosts are explained to the caller. Absent: all. For the rim only; members are asked in full. */
  readonly explainTop?: number;
  /** Name of a policy of the service that is asked, in place of `units`. Resolved at the rim; members never see it. */
  readonly policy?: string;
}

/** The reason why a unit gave a host its score, in words and numbers. */
export interface Reason {
  readonly unit: string;
  readonly text: string;
}

/** The score of one host: the sum over the answering units of weight x score. */
export interface HostScore {
  readonly hostId: string;
  readonly score: number;
}

/** Explains scores, host by host, when somebody asks: reasons that nobody reads are never put into words. */
export interface ScoreExplanation {
  /** Returns the name of the host at a place among the scores; undefined when nobody knows one. */
  readonly hostName: (place: number) => string | undefined;
  /** Returns why the host at that place has its score: one reason for each unit that answered, in the order of the units. */
  readonly reasons: (place: number) => readonly Reason[];
}

/** The outcome of one score unit; values are aligned with the scores of the response. */
export type ScoreUnitResult = UnitResult<readonly number[]> & {
  /** How the values are read. A remote service may leave it out; a composite fills it in. */
  readonly direction?: Direction;
};

/** The scores of hosts for one VM. */
export interface ScoreHostsResponse {
  /** One for each host that the inventory knows, in the order asked, each host once. */
  readonly scores: readonly HostScore[];
  /** One for each unit, in the order asked. */
  readonly unitResults: readonly ScoreUnitResult[];
  readonly unknownHostIds: readonly string[];
  /** Only with `explain`. */
  readonly explanation?: ScoreExplanation;
  /** Moment up to which every change that the engine published is in the answer: milliseconds since the epoch. Absent: the service has no inventory. */
  readonly snapshotTime?: number;
}

/** Asks which hosts suit one VM. */
export interface FilterHostsRequest {
  readonly vmId: string;
  readonly hosts: HostSelection;
  /** Names of filters; empty: every filter of the service. */
  readonly units: readonly string[];
  readonly properties: ReadonlyMap<string, string>;
  readonly assumedPlacements?: readonly AssumedPlacement[];
  /** Whether a filter says why it rejects a host. Absent: false. */
  readonly explain?: boolean;
  /** Name of a policy of the service that is asked, in place of `units`. Resolved at the rim; members never see it. */
  readonly policy?: string;
}

/** A host that a filter rejects, and why. */
export interface Rejection {
  readonly hostId: string;
  readonly hostName?: string;
  readonly reason: string;
}

/** The outcome of one filter; its value is the ids that it accepts, in the order asked. */
export type FilterUnitResult = UnitResult<readonly string[]> & {
  /** Only with `explain`: why the other hosts are rejected. */
  readonly rejections?: readonly Rejection[];
};

/** The hosts that every answering filter accepts, in the order asked, each once. */
export interface FilterHostsResponse {
  readonly hostIds: readonly string[];
  /** One for each filter, in the order asked. */
  readonly unitResults: readonly FilterUnitResult[];
  /** As in {@link ScoreHostsResponse.snapshotTime}. */
  readonly snapshotTime?: number;
}

/** Asks for a migration that improves the balance among hosts. */
export interface BalanceHostsRequest {
  readonly unit: string;
  readonly hostIds: readonly string[];
  readonly properties: ReadonlyMap<string, string>;
  readonly assumedPlacements?: readonly AssumedPlacement[];
  /** Whether the answer says in words why it proposes this, or nothing. Absent: false. */
  readonly explain?: boolean;
}

/** A migration that a balance unit proposes: the VM and at least one host to which it may go. */
export interface Migration {
  readonly vmId: string;
  readonly candidateHostIds: readonly string[];
}

/** A proposed migration; none: nothing to do. */
export interface BalanceHostsResponse {
  readonly migration?: Migration;
  /** Only with `explain`. */
  readonly explanation?: string;
  /** As in {@link ScoreHostsResponse.snapshotTime}. */
  readonly snapshotTime?: number;
}

/**
 * Whatever can filter, score or balance hosts: the scoring engine, the host of plugins, a client to a remote service, a
 * composite.
 *
 * Failures of single units are data. A method rejects with a SchedulingError when it can't answer at all, and only then:
 * INVALID_ARGUMENT, NOT_FOUND (the VM; of balanceHosts the unit), UNAVAILABLE (no fresh snapshot), CANCELLED or
 * DEADLINE_EXCEEDED (the call's signal and deadline are honored), INTERNAL (a bug).
 */
export interface PolicyUnitService {
  /** Lists the units, and what could not be made one. */
  readonly listPolicyUnits: (call: Call) => Promise<PolicyUnitList>;
  /** Scores each host once; a unit that has no score for every host is a failure. */
  readonly scoreHosts: (request: ScoreHostsRequest, call: Call) => Promise<ScoreHostsResponse>;
  /** Keeps the hosts that every answering filter accepts. When no filter answers these are all hosts asked for. */
  readonly filterHosts: (request: FilterHostsRequest, call: Call) => Promise<FilterHostsResponse>;
  /** Proposes at most one migration. An unknown or failing unit rejects, with its code. */
  readonly balanceHosts: (request: BalanceHostsRequest, call: Call) => Promise<BalanceHostsResponse>;
}
