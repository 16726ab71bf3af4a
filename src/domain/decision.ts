import type { Direction, EngineSelector, Migration, SnapshotMark, UnitFailure } from './contract.js';

/** The face at which a call came: the bridge, of an oVirt engine, or the gRPC server, of a gateway. */
export type DecisionFace = 'ENGINE' | 'GRPC';

/** The question of a call: which hosts may run a VM, how they score, or what to migrate. */
export type DecisionMethod = 'FILTER' | 'SCORE' | 'BALANCE';

/** The VM of a decision, as the inventory knew it. */
export interface DecidedVm {
  readonly id: string;
  readonly name?: string | undefined;
  /** Operating system, in the engine's word. */
  readonly os?: string | undefined;
  readonly clusterId?: string | undefined;
}

/** A host of a decision. */
export interface DecidedHost {
  readonly id: string;
  readonly name?: string | undefined;
}

/** The result of one unit, aligned with the hosts of the decision. */
export type DecidedResult =
  /** Of a score unit: a score or a raw cost a host, as its direction says. */
  | { readonly values: ArrayLike<number>; readonly direction: Direction }
  /** Of a filter: 1 a host that it accepts, 0 one that it rejects. */
  | { readonly accepted: Uint8Array }
  | { readonly failure: UnitFailure };

/** A unit of a decision. */
export type DecidedUnit = DecidedResult & {
  readonly name: string;
  /** The caller's factor for a score unit; 1 for a filter. */
  readonly weight: number;
};

/** A unit's own words about a host. */
export interface DecidedReason {
  readonly unit: string;
  readonly hostId: string;
  readonly text: string;
}

/** The end of a decision: the host on which its VM was seen, or why none was. */
export type Outcome = {
  /** Milliseconds since the epoch. */
  readonly time: number;
} & (
  | {
      readonly hostId: string;
      /** Place of the host in our ranking, 1 for the best; hosts of equal totals share the best place. Absent: not among our hosts. */
      readonly rank?: number | undefined;
      /** Points by which the host is behind our best. Absent: not among our hosts. */
      readonly regret?: number | undefined;
    }
  | { readonly unmatched: UnmatchedReason }
);

/** The reason why nobody knows where a VM landed: nothing was seen in time, a newer call came, or the VM stayed. */
export type UnmatchedReason = 'TIMED_OUT' | 'SUPERSEDED' | 'VM_GONE';

/** A comparison of a decision with the answer of a shadow. */
export interface ShadowResult {
  /** Name of the shadow in the configuration. */
  readonly shadow: string;
  /** Hash of its policy; absent for a service. */
  readonly policyHash?: string | undefined;
  /** Best host of the shadow; absent when it has none, and of filters. */
  readonly winner?: string | undefined;
  /** True when it is another one than ours; of filters, when the shadow leaves other hosts. */
  readonly winnerChanged: boolean;
  /** Kendall's tau-b of the two rankings, -1 to 1; absent when one of them has no order. */
  readonly tau?: number | undefined;
  /** Number of hosts that are among the best five of both; 0 of filters. */
  readonly topOverlap: number;
  /** Points by which the shadow's winner is behind our best, in our points. */
  readonly regret?: number | undefined;
  /** True when the shadow answered from another snapshot. */
  readonly otherSnapshot?: boolean | undefined;
  /** The reason why there is nothing to compare; the other fields then mean nothing. */
  readonly failure?: string | undefined;
}

/** One answered call with all that is needed to say why it was answered so. */
export interface Decision {
  /** Sorts by time within a process; see {@link DecisionFace} for its first letter: `e` or `g`. */
  readonly id: string;
  /** Time of the answer, in milliseconds since the epoch. */
  readonly time: number;
  readonly durationMs: number;
  readonly requestId: string;
  readonly face: DecisionFace;
  readonly method: DecisionMethod;
  /** Absent for a balance that proposes no migration. */
  readonly vm?: DecidedVm | undefined;
  /** Name of the policy that the caller gave. */
  readonly policy?: string | undefined;
  readonly policyHash: string;
  readonly properties: ReadonlyMap<string, string>;
  /** The first one is that of the whole answer. Empty: nobody had an inventory. */
  readonly snapshots: readonly SnapshotMark[];
  /** Candidates, in the order of the answer. */
  readonly hosts: readonly DecidedHost[];
  readonly unknownHostIds: readonly string[];
  readonly units: readonly DecidedUnit[];
  /** The words that were kept: of the winner, the runner-up and some rejected hosts. */
  readonly reasons: readonly DecidedReason[];
  /** Of a balance; absent: it proposes none. */
  readonly migration?: Migration | undefined;
  /** Unit with which an engine weighs the answer; absent for other callers, for whom weighted scores are summed up. */
  readonly selector?: EngineSelector | undefined;
  /** True when scores went to the engine unchanged, as the old proxy sent them, so that it takes the lowest. */
  readonly rawScores?: boolean | undefined;
  readonly outcome?: Outcome | undefined;
  readonly shadows?: readonly ShadowResult[] | undefined;
}

/** Conditions that a decision must meet to be listed; all that are set. */
export interface DecisionQuery {
  readonly face?: DecisionFace | undefined;
  readonly method?: DecisionMethod | undefined;
  readonly vmId?: string | undefined;
  /** Name that the VM had; letters match in either case. */
  readonly vmName?: string | undefined;
  /** Host that is a candidate. */
  readonly hostId?: string | undefined;
  /** Milliseconds since the epoch: not before, and before. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** State of the outcome: where our best host was taken, another one, unmatched, or none known yet. */
  readonly outcome?: 'BEST' | 'OTHER' | 'UNMATCHED' | 'NONE' | undefined;
  /** Unit that failed in it. */
  readonly failedUnit?: string | undefined;
}

/** One page of decisions, the newest first. */
export interface DecisionPage {
  readonly decisions: readonly Decision[];
  /** Absent on the last page. A page may be short, or empty, and not the last: a search looks at so many at a time. */
  readonly nextPageToken?: string | undefined;
}

/** A page of one log. */
export interface DecisionLogPage extends DecisionPage {
  /** Tokens of the pages that begin with each of the decisions, so that pages of logs can be merged. */
  readonly tokens: readonly string[];
}

/** A record of decisions. */
export interface DecisionLog {
  /**
   * Keeps a decision, soon: never waits for the disk and never throws. What can't be kept is counted. The outcome of the one that
   * it supersedes, if any, is then that.
   */
  readonly append: (decision: Decision, superseded?: Pick<Decision, 'id'>) => void;
  /** Adds what became of a decision that was appended within the last ten minutes. */
  readonly appendOutcome: (decision: Pick<Decision, 'id' | 'vm'>, outcome: Outcome) => void;
  /** Adds what a shadow would have answered. */
  readonly appendShadow: (decision: Pick<Decision, 'id' | 'vm'>, result: ShadowResult) => void;
  /** Resolves to undefined for an id that is not, or no longer, kept. */
  readonly get: (id: string, signal: AbortSignal) => Promise<Decision | undefined>;
  /** Lists, the newest first. Rejects with INVALID_ARGUMENT for a token that it did not give. */
  readonly list: (
    query: DecisionQuery,
    page: { readonly size: number; readonly token?: string | undefined },
    signal: AbortSignal,
  ) => Promise<DecisionLogPage>;
  /** Calls the listener with each decision from now on, and again with each that got an outcome. Returns what ends that. */
  readonly watch: (listener: (decision: Decision) => void) => () => void;
}
