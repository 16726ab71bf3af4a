import { checkAcceptedHosts, checkScores } from '../domain/check-answer.js';
import type { Call, PolicyUnitService, UnitFailure, WeightedUnit } from '../domain/contract.js';
import { totalsOf } from '../domain/counterfactuals.js';
import type { DecidedUnit, Decision, DecisionLog, ShadowResult } from '../domain/decision.js';
import { SchedulingError } from '../domain/errors.js';
import { hostListOf } from '../domain/host-list.js';
import type { Policy } from '../domain/policies.js';
import { rangeOf } from '../domain/score-sums.js';
import { rankingOf } from '../engine-model/decision-ranking.js';
import { runWithin } from '../lib/deadline.js';
import { stackOf } from '../lib/text.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import { compareRankings } from './compare-rankings.js';
import type { RecordedRequest } from './recorder.js';

/** Most decisions that wait for a shadow: over 1,000 hosts they hold 10 MB. Those beyond are dropped. */
export const MAX_QUEUED_COMPARISONS = 100;

/** Share of the time in which a shadow works; it rests for the other, so that it slows down with the process. */
export const SHADOW_SHARE = 0.1;

/** Longest time for one comparison, in ms, and longest rest after it: a full queue is done before results come too late to be kept. */
export const COMPARISON_MS = 2000;

/** Service whose answers a shadow takes. */
type ShadowService = Pick<PolicyUnitService, 'scoreHosts' | 'filterHosts'>;

/** A policy, or a whole service, whose answers are compared with ours. */
export type Shadow = {
  readonly name: string;
  /** Share of the decisions that are compared, up to 1. */
  readonly sample: number;
} & ({ readonly policy: Policy } | { readonly target: ShadowService });

/** Options of shadows. */
export interface ShadowsOptions {
  readonly shadows: readonly Shadow[];
  /** Service of this process, asked for units of a policy that the decision has no values of. */
  readonly service: ShadowService;
  readonly append: DecisionLog['appendShadow'];
  /** Called with each result, of a call for filters or for scores. Must not throw. */
  readonly onResult?: (result: ShadowResult, method: 'FILTER' | 'SCORE') => void;
  /** Called for each decision that a shadow had no time for. Must not throw. */
  readonly onDropped?: (shadow: string) => void;
  readonly log: Log;
  readonly clock: Clock;
  /** Measures how long comparisons take. */
  readonly steady: Clock;
  readonly after: After;
  /** Returns a number from 0 on, below 1; random by default. */
  readonly random?: () => number;
}

/** Shadows that compare decisions with what they would have answered. */
export interface Shadows {
  readonly names: readonly string[];
  /** Compares a decision, soon. Ignores one about no VM or no hosts, and migrations. */
  readonly decided: (decision: Decision, request: RecordedRequest) => void;
  /** Stops. What waits is forgotten. */
  readonly close: () => void;
}

interface Job {
  readonly decision: Decision;
  readonly request: RecordedRequest;
}

type Difference = Omit<ShadowResult, 'shadow' | 'policyHash'>;
type ScoredUnit = Extract<DecidedUnit, { readonly values: ArrayLike<number> }>;
type Filter = Extract<DecidedUnit, { readonly accepted: Uint8Array }>;

/** Starts shadows. Each has a queue of its own, from which it takes one decision after the other. */
export function createShadows(options: ShadowsOptions): Shadows {
  const { shadows, random = Math.random, onDropped } = options;
  const closing = new AbortController();
  const queues = shadows.map((shadow) => ({ shadow, add: createQueue(shadow, options, closing.signal) }));
  return {
    names: shadows.map(({ name }) => name),
    decided(decision, request) {
      if (decision.method === 'BALANCE' || decision.vm === undefined || decision.hosts.length === 0) return;
      for (const { shadow, add } of queues) {
        if (shadow.sample < 1 && random() >= shadow.sample) continue;
        if (!add({ decision, request })) onDropped?.(shadow.name);
      }
    },
    close: () => closing.abort(new SchedulingError('CANCELLED', 'the shadows are stopping')),
  };
}

/** Creates the queue of a shadow. Returns how to add to it, which reports whether there was room. */
function createQueue(
  shadow: Shadow,
  { service, append, onResult, log, clock, steady, after }: ShadowsOptions,
  closing: AbortSignal,
): (job: Job) => boolean {
  const jobs: Job[] = [];
  let isBusy = false;
  let cancelTimer: () => void = () => undefined;
  closing.addEventListener('abort', () => {
    jobs.length = 0;
    cancelTimer();
  });

  function workIn(ms: number): void {
    if (!closing.aborted) cancelTimer = after(ms, () => void work());
  }

  async function work(): Promise<void> {
    const job = jobs.shift();
    isBusy = job !== undefined;
    if (job === undefined) return;
    const began = steady.now();
    const result = await compare(job);
    if (result !== undefined && !closing.aborted) {
      append(job.decision, result);
      onResult?.(result, job.decision.method === 'FILTER' ? 'FILTER' : 'SCORE');
    }
    const rest = (steady.now() - began) * (1 / SHADOW_SHARE - 1);
    workIn(Math.min(rest, COMPARISON_MS));
  }

  const subject = { shadow: shadow.name, ...('policy' in shadow && { policyHash: shadow.policy.hash }) };

  async function compare({ decision, request }: Job): Promise<ShadowResult | undefined> {
    const late = () => new SchedulingError('DEADLINE_EXCEEDED', `no answer within ${COMPARISON_MS} ms`);
    const deadline = clock.now() + COMPARISON_MS;
    try {
      const difference = await runWithin(
        (signal) => {
          const call = { requestId: decision.requestId, signal, deadline, dryRun: true, isShadow: true };
          const asked = { decision, request, call, service };
          return decision.method === 'FILTER' ? compareFilters(shadow, asked) : compareScores(shadow, asked);
        },
        { signal: closing, ms: COMPARISON_MS, after, late },
      );
      return difference && { ...subject, ...difference };
    } catch (thrown) {
      const { code, message } = SchedulingError.from(thrown);
      if (!(thrown instanceof SchedulingError))
        log.error('shadow failed', { shadow: shadow.name, stack: stackOf(thrown) }, shadow.name);
      return { ...subject, winnerChanged: false, topOverlap: 0, failure: `${code}: ${message}` };
    }
  }

  return (job) => {
    if (closing.aborted || jobs.length >= MAX_QUEUED_COMPARISONS) return false;
    jobs.push(job);
    if (!isBusy) {
      isBusy = true;
      workIn(0);
    }
    return true;
  };
}

interface Asked extends Job {
  readonly call: Call;
  /** Service of this process. */
  readonly service: ShadowService;
}

/**
 * Compares scores: the totals of a shadow with ours. For a call of an engine both are those of its selector over such units; what
 * units of its own add is in neither. Undefined when one of them scores nothing.
 */
async function compareScores(shadow: Shadow, asked: Asked): Promise<Difference | undefined> {
  const { decision, call } = asked;
  const ours = decision.units.filter((unit): unit is ScoredUnit => 'values' in unit);
  const { units, known, properties, service } = questionOf(shadow, asked, ours, ({ scores }) => scores);
  if (ours.length === 0 || units.length === 0) return undefined;
  const weights = new Map(units.map(({ name, weight }) => [name, weight]));
  const reused = known.map((unit) => ({ ...unit, weight: weights.get(unit.name) ?? 0 }));
  const missing = missingOf(units, known);
  if (missing.length === 0) return differenceOf(decision, ours, reused);

  const hosts = hostListOf(decision.hosts.map(({ id }) => id));
  const directions = new Map(ours.map(({ name, direction }) => [name, direction]));
  const { scores, unitResults, snapshotTime } = checkScores(
    await service.scoreHosts(
      { ...askedOf(asked, hosts.ids), units: missing, properties, explain: false },
      call,
    ),
    { hosts, units: missing.map(({ name }) => ({ name, direction: directions.get(name) })) },
  );
  throwFailure(unitResults);
  const places = scores.map(({ hostId }) => hosts.placeOf(hostId) ?? -1);
  const answered = unitResults.map(({ unit: name, value = [], direction }): ScoredUnit => {
    const meaning = direction ?? directions.get(name) ?? 'HIGHER_IS_BETTER';
    const worst = meaning === 'HIGHER_IS_BETTER' || value.length === 0 ? 0 : rangeOf(value).max;
    const values = new Array<number>(hosts.ids.length).fill(worst);
    for (const [index, place] of places.entries()) values[place] = value[index] ?? worst;
    return { name, weight: weights.get(name) ?? 0, values, direction: meaning };
  });
  const difference = differenceOf(decision, ours, [...reused, ...answered], new Set(places));
  return { ...difference, ...markOf(decision, snapshotTime) };
}

/** Compares the hosts that filters leave. Undefined when one of them filters nothing. */
async function compareFilters(shadow: Shadow, asked: Asked): Promise<Difference | undefined> {
  const { decision, call } = asked;
  const ours = decision.units.filter((unit): unit is Filter => 'accepted' in unit);
  const { units, known, properties, service } = questionOf(shadow, asked, ours, ({ filters }) =>
    filters.map((name) => ({ name, weight: 1 })),
  );
  if (ours.length === 0 || units.length === 0) return undefined;
  const left = leftBy(decision, known);
  let snapshotTime: number | undefined;
  const missing = missingOf(units, known).map(({ name }) => name);
  if (missing.length > 0) {
    const hosts = hostListOf(decision.hosts.map(({ id }) => id));
    const answer = checkAcceptedHosts(
      await service.filterHosts({ ...askedOf(asked, hosts.ids), units: missing, properties }, call),
      { hosts, units: missing },
    );
    throwFailure(answer.unitResults);
    snapshotTime = answer.snapshotTime;
    for (const { value } of answer.unitResults) {
      const accepted = new Set(value);
      for (const [place, id] of hosts.ids.entries()) if (!accepted.has(id)) left[place] = 0;
    }
  }
  const ourLeft = leftBy(decision, ours);
  const winnerChanged = left.some((isLeft, place) => isLeft !== ourLeft[place]);
  return { winnerChanged, topOverlap: 0, ...markOf(decision, snapshotTime) };
}

/** The units of a shadow, those of them whose results the decision has, and the service to ask for the others. */
interface Question<Unit> {
  readonly units: readonly WeightedUnit[];
  readonly known: readonly Unit[];
  readonly properties: ReadonlyMap<string, string>;
  readonly service: ShadowService;
}

/** A target is asked what we answered. The results of a decision are those of a policy only if its properties are, too. */
function questionOf<Unit extends DecidedUnit>(
  shadow: Shadow,
  { decision, request, service }: Asked,
  ours: readonly Unit[],
  unitsOf: (policy: Policy) => readonly WeightedUnit[],
): Question<Unit> {
  if ('target' in shadow)
    return { units: ours, known: [], properties: decision.properties, service: shadow.target };
  const units = unitsOf(shadow.policy);
  const properties = new Map([...shadow.policy.properties, ...request.properties]);
  const names = new Set(units.map(({ name }) => name));
  const known = isSame(properties, decision.properties) ? ours.filter(({ name }) => names.has(name)) : [];
  return { units, known, properties, service };
}

function isSame(left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean {
  return left.size === right.size && [...left].every(([key, value]) => right.get(key) === value);
}

function missingOf(
  units: readonly WeightedUnit[],
  known: readonly { readonly name: string }[],
): readonly WeightedUnit[] {
  const names = new Set(known.map(({ name }) => name));
  return units.filter(({ name }) => !names.has(name)).map(({ name, weight }) => ({ name, weight }));
}

function askedOf({ decision: { vm }, request: { assumedPlacements = [] } }: Asked, hosts: readonly string[]) {
  return { vmId: vm?.id ?? '', hosts, assumedPlacements };
}

/** Throws the failure of a unit: an answer without it is not that of the shadow. */
function throwFailure(
  results: readonly { readonly unit: string; readonly failure?: UnitFailure | undefined }[],
): void {
  for (const { unit, failure } of results) {
    if (failure !== undefined) throw new SchedulingError(failure.code, `${unit}: ${failure.message}`);
  }
}

/** Compares rankings by our units and by those of a shadow, which ranks only some of the hosts if they are given by their places. */
function differenceOf(
  decision: Decision,
  ours: readonly ScoredUnit[],
  others: readonly ScoredUnit[],
  ranked?: ReadonlySet<number>,
): Difference {
  const ourRanking = rankingOf({ ...decision, units: ours });
  const { candidates, tieOrder } = ourRanking;
  const theirs = totalsOf(rankingOf({ ...decision, units: others }));
  const order = candidates
    .map((_, place) => place)
    .sort((left, right) => (tieOrder[left] ?? 0) - (tieOrder[right] ?? 0));
  const inOrder = (totals: readonly number[]) => Float64Array.from(order, (place) => totals[place] ?? 0);
  if (ranked !== undefined) {
    for (const place of order) if (!ranked.has(place)) theirs[place] = NaN;
  }
  const { winner, ...difference } = compareRankings(inOrder(totalsOf(ourRanking)), inOrder(theirs));
  return { ...difference, winner: candidates[order[winner ?? -1] ?? -1]?.id };
}

/** Marks each host that all filters accept. */
function leftBy({ hosts }: Decision, filters: readonly Filter[]): Uint8Array {
  return Uint8Array.from(hosts, (_, place) => Number(filters.every(({ accepted }) => accepted[place] === 1)));
}

function markOf({ snapshots: [own] }: Decision, snapshotTime: number | undefined) {
  const isOther = own !== undefined && snapshotTime !== undefined && own.time !== snapshotTime;
  return isOther ? { otherSnapshot: true } : {};
}
