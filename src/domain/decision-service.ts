import type { Explanation } from '../engine-model/explain-decision.js';
import type { Call } from './contract.js';
import type { Decision, DecisionFace, DecisionPage, DecisionQuery } from './decision.js';

/** Decisions in one page by default. */
export const DEFAULT_DECISION_PAGE = 100;

/** Most decisions in one page: summaries of so many stay below the 4 MiB that a client accepts by default. */
export const MAX_DECISION_PAGE = 1000;

/** Asks for a page of decisions. */
export interface ListDecisionsRequest {
  readonly query: DecisionQuery;
  readonly size: number;
  /** The `nextPageToken` of the page before; absent for the first page. */
  readonly token?: string | undefined;
  /** True when candidates, values and words are needed. */
  readonly full: boolean;
}

/** Conditions of the decisions that are told as they are made. */
export type WatchDecisionsRequest = Pick<DecisionQuery, 'vmId' | 'face' | 'method'>;

/** Names one decision, or the last scored call of a VM: exactly one of the three is set. */
export interface ExplainDecisionRequest {
  readonly id?: string | undefined;
  readonly vmId?: string | undefined;
  readonly vmName?: string | undefined;
  /** Host to compare with the winner. */
  readonly versus?: string | undefined;
}

/** A decision and why it came out so. */
export interface ExplainedDecision {
  readonly decision: Decision;
  readonly explanation: Explanation;
}

/** Time of the answers that a report is about, in milliseconds since the epoch: the last seven days by default. */
export interface ReportedTime {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Asks whether callers follow the answers. */
export interface AgreementRequest extends ReportedTime {
  /** Both by default. */
  readonly face?: DecisionFace | undefined;
}

/** Outcomes, counted. */
export interface AgreementCounts {
  /** Decisions whose VM was seen on a host. */
  readonly landed: number;
  /** Those of them on our best host, or one with an equal total. */
  readonly best: number;
  readonly topThree: number;
  /** Those of them on a host that was not ranked. */
  readonly unranked: number;
  /** Points lost against our best, added up over those on a ranked host. */
  readonly regret: number;
  /** Decisions of which it is known that nothing was seen. */
  readonly unmatched: number;
  /** Those of them for whose VM a newer call came first. */
  readonly superseded: number;
}

/** The outcomes of the decisions by one policy. */
export interface PolicyAgreement {
  readonly policyHash: string;
  /** Its name in the newest of them; absent: none. */
  readonly policy?: string | undefined;
  readonly counts: AgreementCounts;
}

/** The outcomes that landed on a ranked host, of decisions in which one unit told hosts apart. */
export interface UnitAgreement {
  readonly unit: string;
  readonly decisions: number;
  /** Those in which the host is one of the unit's own best. */
  readonly best: number;
  /** Those that would be so by lot: the sum of the shares of best hosts. */
  readonly expectedByChance: number;
  /** True when there were enough to tell, and the unit is followed no more often than by chance. */
  readonly neverFollowed: boolean;
}

/** A report on outcomes; policies and units with the most decisions first. */
export interface AgreementReport {
  readonly total: AgreementCounts;
  readonly policies: readonly PolicyAgreement[];
  readonly units: readonly UnitAgreement[];
  /** True when it does not cover all of its time: the counts are of the newest decisions. */
  readonly isPartial: boolean;
}

/** Asks how the answers of shadows differ. */
export interface ShadowsRequest extends ReportedTime {
  /** All by default. */
  readonly shadow?: string | undefined;
}

/** Differences of a shadow over some decisions; a mean is absent when no decision has one. */
export interface ShadowCounts {
  /** Calls for scores that were compared. */
  readonly compared: number;
  readonly winnerChanged: number;
  readonly meanTau?: number | undefined;
  readonly meanTopOverlap?: number | undefined;
  readonly meanRegret?: number | undefined;
  readonly failed: number;
  /** Calls for filters that were compared, and those of them for which the shadow leaves other hosts. */
  readonly filtersCompared: number;
  readonly filtersChanged: number;
}

/** Differences of a shadow for the VMs of one operating system or cluster; the name is absent where it is unknown. */
export interface ShadowGroup {
  readonly name?: string | undefined;
  readonly counts: ShadowCounts;
}

/** Differences of one shadow under one policy; groups with the most decisions first. */
export interface ShadowReport {
  readonly shadow: string;
  /** Hash of the policy; absent for a service. */
  readonly policyHash?: string | undefined;
  readonly total: ShadowCounts;
  readonly byOs: readonly ShadowGroup[];
  readonly byCluster: readonly ShadowGroup[];
}

/** A report on shadows. */
export interface ShadowReports {
  /** In the order of names; of one name the latest policy first. */
  readonly shadows: readonly ShadowReport[];
  /** Names of the shadows that run now. */
  readonly running: readonly string[];
  /** As in {@link AgreementReport.isPartial}. */
  readonly isPartial: boolean;
}

/**
 * The decisions that a process remembers. A method rejects with a SchedulingError: INVALID_ARGUMENT, NOT_FOUND (no such decision
 * is kept), UNAVAILABLE (the disk does not answer).
 */
export interface DecisionService {
  /** Process that answers, such as its machine and where it listens. */
  readonly process: string;
  /** Lists decisions of both faces, the newest first. A page may be short or empty and not be the last. */
  readonly list: (request: ListDecisionsRequest, call: Call) => Promise<DecisionPage>;
  readonly get: (id: string, call: Call) => Promise<Decision>;
  /** Calls the listener with each decision as it is made, and again when its outcome is known. Returns what ends that. */
  readonly watch: (request: WatchDecisionsRequest, listener: (decision: Decision) => void) => () => void;
  readonly explain: (request: ExplainDecisionRequest, call: Call) => Promise<ExplainedDecision>;
  readonly agreement: (request: AgreementRequest, call: Call) => Promise<AgreementReport>;
  readonly shadows: (request: ShadowsRequest, call: Call) => Promise<ShadowReports>;
}
