import type { NotFoundSubject, SchedulingErrorCode } from './errors.js';
import type { CallSpan } from './trace.js';

/** Lowest score that a unit may give a host. */
export const MIN_SCORE = 0;

/** Highest score that a unit may give a host: the best host possible. */
export const MAX_SCORE = 100;

declare const scoreBrand: unique symbol;

/** An integer from {@link MIN_SCORE} to {@link MAX_SCORE}; higher is better. Branded, so that a cost can't stand in for it. */
export type Score = number & { readonly [scoreBrand]: 'Score' };

/** Reports whether a number is a {@link Score}. */
export function isScore(value: number): value is Score {
  return Number.isInteger(value) && value >= MIN_SCORE && value <= MAX_SCORE;
}

/** Largest signed 32-bit integer, the limit of the wire and the engine. */
export const MAX_INT32 = 2_147_483_647;

/** Highest sum of the weights of one request, so that no sum of weight x score overflows 32 bits. */
export const MAX_WEIGHT_SUM = Math.floor(MAX_INT32 / MAX_SCORE);

/** The kind of a policy unit: it accepts or rejects a host, gives it a number, or proposes a migration. */
export type PolicyUnitType = 'FILTER' | 'SCORE' | 'BALANCE';

/** The meaning of a score unit's values: scores of 0..100, or raw costs of which the lowest is best. */
export type Direction = 'HIGHER_IS_BETTER' | 'LOWER_IS_BETTER';

/** A property by which an administrator tunes a unit in a scheduling policy. */
export interface UnitProperty {
  /** Key in a request's properties: `[a-zA-Z0-9_]+`, as the engine requires (CustomPropertiesUtils.VALIDATION_STR). */
  readonly name: string;
  /** Regular expression for the whole value; without `;`, at which the engine splits. */
  readonly pattern: string;
  readonly defaultValue: string;
  readonly description: string;
}

/** A unit as its service describes it, identified by its type and name together. */
export interface PolicyUnit {
  readonly name: string;
  readonly type: PolicyUnitType;
  readonly description: string;
  readonly properties: readonly UnitProperty[];
  /** Set for score units only. */
  readonly direction?: Direction;
  /** Ids of the composites that it has come through, the first one first: none takes a unit that came from itself. */
  readonly path?: readonly string[];
  /** Name of the service that offers it, as the composite that lists it calls that. */
  readonly service?: string;
}

/** A unit that could not be offered, such as a plugin that can't be imported. */
export interface UnitProblem {
  /** The file, plugin or service at fault. */
  readonly source: string;
  /** The reason, in words for whoever can fix it. */
  readonly reason: string;
}

/** The units of a service. */
export interface PolicyUnitList {
  /** In a stable order. */
  readonly units: readonly PolicyUnit[];
  /** Units that could not be offered. */
  readonly problems: readonly UnitProblem[];
  /** True when the service knows hosts and VMs by itself, and so can be asked for `ALL_UP`. */
  readonly hasInventory: boolean;
  /** True while more units are on their way, such as those of plugins that are being imported. */
  readonly isIncomplete?: boolean;
}

/** The context of a call, created where it enters and passed down unchanged. */
export interface Call {
  /** Identifies the call in the logs of both sides: 1 to 128 printable ASCII characters. */
  readonly requestId: string;
  /** Aborts when the caller disconnects or the deadline passes. */
  readonly signal: AbortSignal;
  /** Time at which the caller stops waiting, in milliseconds since the epoch; Infinity for never. */
  readonly deadline: number;
  /** Number of composites that the call passed, 0 by default. Keeps composites from calling each other in a loop. */
  readonly depth?: number;
  /** True when the call is answered as usual but nothing remembers it. False by default. */
  readonly dryRun?: boolean;
  /** True for a call of an engine that is remembered also in a dry run; other callers say so in their request. */
  readonly record?: boolean;
  /**
   * True when an oVirt engine waits for the answer and holds its scheduling lock; such calls have places of their own. Set by
   * the bridge of this process, never read from the wire.
   */
  readonly forEngine?: boolean;
  /**
   * True for an oVirt engine that starts: what is missing from its one listing stays disabled until its next restart, so that
   * services are waited for which failed so far. Set by the bridge of this process, never read from the wire.
   */
  readonly atEngineStart?: boolean;
  /** Set by the bridge of this process for a call whose answer an oVirt engine ranks, never read from the wire. */
  readonly engine?: EngineTerms;
  /** True for a request of a stream, of which there may be thousands a second. False by default. */
  readonly isStreamed?: boolean;
  /** True for a comparison that no caller waits for, so that no circuit breaker counts it. Never read from the wire. */
  readonly isShadow?: boolean;
  /** Span under which it is answered; absent for a call that is not traced. */
  readonly span?: CallSpan | undefined;
}

/** Returns the ids of a call for the log: its own, and that of its trace where that is sampled. */
export function idsOf({ requestId, span }: Pick<Call, 'requestId' | 'span'>): CallIds {
  return span?.traceId === undefined ? { requestId } : { requestId, traceId: span.traceId };
}

/** The ids of a call in the log. */
export interface CallIds {
  readonly requestId: string;
  readonly traceId?: string;
}

/** The terms in which an oVirt engine ranks the costs of a call. */
export interface EngineTerms {
  /** Factors of its policy, by unit. */
  readonly factors: ReadonlyMap<string, number>;
  /** Policy unit with which it picks a host: RankSelector, its default, or BasicWeighting. */
  readonly selector: EngineSelector;
  /** True when it gets scores unchanged, and takes the lowest. */
  readonly rawScores: boolean;
}

/** A policy unit with which an oVirt engine picks a host. */
export type EngineSelector = 'rank' | 'weight';

/** The place of a snapshot in time. */
export interface SnapshotMark {
  /** Name of the service of a composite that answered from it; absent for the answer as a whole. */
  readonly service?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Last event of the engine that it has. */
  readonly eventId?: number | undefined;
}

/**
 * Knowledge that a service of this process has of its answer beyond what it says, for whoever records it. Each part is computed only
 * when it is asked for. Never on the wire.
 */
export interface AnswerContext {
  /** Returns the VM of the request, or of the proposed migration. */
  readonly vm: () => AnswerVm | undefined;
  readonly hostName: (hostId: string) => string | undefined;
  /** Returns the hosts that were asked for, each once; those of ALL_UP are not in the answer of a filter. */
  readonly hostIds: () => readonly string[];
  /** Returns the snapshots that it rests on, that of the whole answer first. */
  readonly snapshots: () => readonly SnapshotMark[];
  /** Returns a unit's words on a host, on its score or its rejection; without a host, on the proposed migration. */
  readonly words: (unit: string, hostId?: string) => string | undefined;
}

/** A VM as the service knew it that answered. */
export interface AnswerVm {
  readonly name: string;
  /** Operating system, in the engine's word; absent when it gives none. */
  readonly os: string | undefined;
  readonly clusterId: string | undefined;
}

/** The reason why a unit failed. */
export interface UnitFailure {
  readonly code: SchedulingErrorCode;
  readonly message: string;
  /** The missing subject, with code NOT_FOUND. */
  readonly notFound?: NotFoundSubject;
}

/** The outcome of one unit: a value or a failure. */
export type UnitResult<Value> =
  | { readonly unit: string; readonly value: Value; readonly failure?: never }
  | { readonly unit: string; readonly failure: UnitFailure; readonly value?: never };

/** A score unit to run, with the caller's factor for it. */
export interface WeightedUnit {
  readonly name: string;
  /** Integer of 0 or more. */
  readonly weight: number;
}

/** A VM to count at a host, and nowhere else, before the inventory shows it there. */
export interface AssumedPlacement {
  readonly vmId: string;
  readonly hostId: string;
}

/**
 * The hosts of a request: ids in the order wanted, or every host that is up in the cluster of the VM. A list must not
 * change afterwards: services cache by it.
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
  /** True when the answer needs reasons. */
  readonly explain: boolean;
  /** With `explain`: number of best hosts to explain, all by default. Applied where the caller is answered; members explain all. */
  readonly explainTop?: number;
  /** Name of a policy of the service, in place of `units`. Resolved where the request enters; members never see it. */
  readonly policy?: string;
  /** True to record the decision also where it would not be: in a dry run, or when only some are. False by default. */
  readonly record?: boolean;
  /** True when the answer needs to say which weights would change the best host. False by default; members never see it. */
  readonly counterfactuals?: boolean;
}

/** A unit's reason for a host's score, in words and numbers. */
export interface Reason {
  readonly unit: string;
  readonly text: string;
}

/** The score of one host: the sum over the answering units of weight x score. */
export interface HostScore {
  readonly hostId: string;
  readonly score: number;
}

/** Reasons for the scores of hosts, each computed only when it is read. */
export interface ScoreExplanation {
  /** Returns the name of the host at an index of the scores, if known. */
  readonly hostName: (place: number) => string | undefined;
  /** Returns the reasons for the score at that index, one for each unit that answered, in the order of the units. */
  readonly reasons: (place: number) => readonly Reason[];
}

/** The outcome of one score unit; values are aligned with the scores of the response. */
export type ScoreUnitResult = UnitResult<readonly number[]> & {
  /** Meaning of the values. A remote service may leave it out; a composite fills it in. */
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
  /** Time up to which the answer has every published change, in milliseconds since the epoch. Absent without an inventory. */
  readonly snapshotTime?: number;
  /** Only with `counterfactuals`: one for each unit that answered. */
  readonly counterfactuals?: readonly UnitCounterfactual[];
  readonly context?: AnswerContext | undefined;
}

/** The effect of the weight of one unit on the choice of the best host. */
export interface UnitCounterfactual {
  readonly unit: string;
  readonly weight: number;
  /** Hosts that win, each with the weights it wins with while all others stay, ascending from 0 on without a gap. */
  readonly weights: readonly WinningWeights[];
}

/** Weights of a unit with which one host wins. */
export interface WinningWeights {
  readonly hostId: string;
  readonly from: number;
  /** Last weight; Infinity: all from the first on. */
  readonly to: number;
}

/** Asks which hosts suit one VM. */
export interface FilterHostsRequest {
  readonly vmId: string;
  readonly hosts: HostSelection;
  /** Names of filters; empty: every filter of the service. */
  readonly units: readonly string[];
  readonly properties: ReadonlyMap<string, string>;
  readonly assumedPlacements?: readonly AssumedPlacement[];
  /** True when each rejection needs a reason. False by default. */
  readonly explain?: boolean;
  /** As in {@link ScoreHostsRequest.policy}. */
  readonly policy?: string;
  /** As in {@link ScoreHostsRequest.record}. */
  readonly record?: boolean;
}

/** A host that a filter rejects, with the reason. */
export interface Rejection {
  readonly hostId: string;
  readonly hostName?: string;
  readonly reason: string;
}

/** The outcome of one filter; its value holds the accepted ids, in the order asked. */
export type FilterUnitResult = UnitResult<readonly string[]> & {
  /** Only with `explain`. */
  readonly rejections?: readonly Rejection[];
};

/** The hosts that every answering filter accepts, in the order asked, each once. */
export interface FilterHostsResponse {
  readonly hostIds: readonly string[];
  /** One for each filter, in the order asked. */
  readonly unitResults: readonly FilterUnitResult[];
  /** As in {@link ScoreHostsResponse.snapshotTime}. */
  readonly snapshotTime?: number;
  readonly context?: AnswerContext | undefined;
}

/** Asks for a migration that improves the balance of hosts. */
export interface BalanceHostsRequest {
  readonly unit: string;
  readonly hostIds: readonly string[];
  readonly properties: ReadonlyMap<string, string>;
  readonly assumedPlacements?: readonly AssumedPlacement[];
  /** True when the answer needs a reason. False by default. */
  readonly explain?: boolean;
  /** As in {@link ScoreHostsRequest.record}. */
  readonly record?: boolean;
}

/** A migration that a balance unit proposes: a VM and at least one candidate host. */
export interface Migration {
  readonly vmId: string;
  readonly candidateHostIds: readonly string[];
}

/** A proposed migration; absent when there is nothing to do. */
export interface BalanceHostsResponse {
  readonly migration?: Migration;
  /** Only with `explain`. */
  readonly explanation?: string;
  /** As in {@link ScoreHostsResponse.snapshotTime}. */
  readonly snapshotTime?: number;
  readonly context?: AnswerContext | undefined;
}

/**
 * A service that filters, scores or balances hosts: the scoring engine, the plugin host, a client to a remote service, or
 * a composite.
 *
 * Failures of single units are data. A method rejects with a SchedulingError when it can't answer at all, and only then:
 * INVALID_ARGUMENT, NOT_FOUND (the VM; of balanceHosts the unit), UNAVAILABLE (no fresh snapshot), CANCELLED or
 * DEADLINE_EXCEEDED (the call's signal and deadline are honored), INTERNAL (a bug).
 */
export interface PolicyUnitService {
  /** Lists the units and the problems. */
  readonly listPolicyUnits: (call: Call) => Promise<PolicyUnitList>;
  /** Scores each host once. A unit without a score for every host fails. */
  readonly scoreHosts: (request: ScoreHostsRequest, call: Call) => Promise<ScoreHostsResponse>;
  /** Returns the hosts that every answering filter accepts; all hosts when no filter answers. */
  readonly filterHosts: (request: FilterHostsRequest, call: Call) => Promise<FilterHostsResponse>;
  /** Proposes at most one migration. Rejects for an unknown or failing unit, with its code. */
  readonly balanceHosts: (request: BalanceHostsRequest, call: Call) => Promise<BalanceHostsResponse>;
}
