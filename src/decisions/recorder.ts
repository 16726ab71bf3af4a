import type {
  AnswerContext,
  AssumedPlacement,
  BalanceHostsRequest,
  BalanceHostsResponse,
  Call,
  FilterHostsRequest,
  FilterHostsResponse,
  PolicyUnitService,
  ScoreHostsRequest,
  ScoreHostsResponse,
  UnitFailure,
} from '../domain/contract.js';
import type {
  DecidedHost,
  DecidedReason,
  DecidedUnit,
  DecidedVm,
  Decision,
  DecisionFace,
} from '../domain/decision.js';
import { failureOf, SchedulingError } from '../domain/errors.js';
import { policyHash, type Policies, type PolicyContent } from '../domain/policies.js';
import { bestTwo, rankingOf } from '../engine-model/decision-ranking.js';
import { stackOf } from '../lib/text.js';
import type { Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';
import type { MakeDecisionId } from './decision-id.js';
import { packedValues } from './record.js';

/** Most rejected hosts of a call whose reasons are kept: enough to see what a filter is about. */
export const MAX_REASONED_REJECTIONS = 20;

/** Of the gRPC calls beyond the rate, and of the requests of streams, one in so many is recorded. */
export const SAMPLE_EVERY = 100;

/** Most answers that wait for the end of the turn of the event loop in which they were given. */
export const MAX_WAITING_ANSWERS = 1000;

/** Most hosts that are remembered for decisions over lists of their own, so that these share them. */
export const MAX_SHARED_HOSTS = 20_000;

/** Most units and properties whose hash is remembered: those of a policy a cluster. */
const MAX_HASHES = 100;

/** Longest units and properties whose hash is remembered, in characters: all of them take 200 KB. */
const MAX_HASHED_LENGTH = 2000;

/** Time for which the names of a list of hosts that is asked for again and again are taken to be the same, in ms. */
export const NAMES_KEPT_MS = 60_000;

/** The parts of a request that stand in its decision only as far as they are merged with a policy, or not at all. */
export interface RecordedRequest {
  readonly properties: ReadonlyMap<string, string>;
  readonly assumedPlacements?: readonly AssumedPlacement[];
}

/** Options of a recorder. */
export interface RecorderOptions {
  readonly face: DecisionFace;
  /** Takes a decision, after its answer has left. Never throws, and waits for nothing. */
  readonly append: (decision: Decision, request: RecordedRequest) => void;
  readonly makeId: MakeDecisionId;
  /** Policies that a request may name. */
  readonly policies: Policies;
  /** Calls a second that are recorded in full, beyond which one in {@link SAMPLE_EVERY} is; all by default. */
  readonly rate?: number;
  /** Called for each decision that is lost. */
  readonly onDropped: () => void;
  readonly log: Log;
  /** Dates decisions. */
  readonly clock?: Clock;
  /** Measures durations; performance by default. */
  readonly steady?: Clock;
}

/** An answer of which a decision is made once it has left. */
interface Answered<Request, Response> {
  readonly request: Request;
  readonly response: Response;
  readonly call: Call;
  readonly time: number;
  readonly durationMs: number;
  /** Set for a call of an engine that failed as a whole; the response then says so of each unit. */
  readonly failure?: UnitFailure | undefined;
}

/** The parts of an answer that every method has. */
interface AnswerFacts {
  readonly snapshotTime?: number;
  readonly context?: AnswerContext | undefined;
}

/** The parts of a decision that its method has a way of its own to make. */
type OwnParts = Pick<
  Decision,
  'method' | 'hosts' | 'units' | 'reasons' | 'migration' | 'selector' | 'rawScores'
> &
  Partial<Pick<Decision, 'unknownHostIds'>>;

/**
 * Returns a service that does what the given one does and records its answers. It adds nothing to the time of an answer: a
 * decision is made in the next turn of the event loop. A call through a composite, and a dry run, are recorded only if the
 * request says so; of gRPC calls beyond a rate, and of streams, a sample is.
 */
export function recordDecisions(service: PolicyUnitService, options: RecorderOptions): PolicyUnitService {
  const { face, append, makeId, policies, onDropped, log, clock = Date, steady = performance } = options;
  const isSampled = createSampler(options.rate ?? Infinity, steady);
  const waiting: (() => void)[] = [];
  const named = new WeakMap<
    readonly string[],
    { readonly until: number; readonly hosts: readonly DecidedHost[] }
  >();
  const shared = new Map<string, DecidedHost>();
  const hashes = new Map<string, string>();

  function isWanted({ record = false }: { readonly record?: boolean }, call: Call): boolean {
    if (record || call.record === true) return true;
    if ((call.depth ?? 0) > 0 || call.dryRun === true) return false;
    return isSampled(call.isStreamed === true);
  }

  async function recorded<Request extends RecordedRequest & { readonly record?: boolean }, Response>(
    request: Request,
    call: Call,
    answer: Promise<Response>,
    decide: (answered: Answered<Request, Response>) => Decision,
    failed: (request: Request, failure: UnitFailure) => Response,
  ): Promise<Response> {
    const start = steady.now();
    try {
      const response = await answer;
      keep(response);
      return response;
    } catch (thrown) {
      // The bridge answers an engine all the same, without any unit.
      if (face === 'ENGINE') {
        const failure = failureOf(SchedulingError.from(thrown));
        keep(failed(request, failure), failure);
      }
      throw thrown;
    }

    function keep(response: Response, failure?: UnitFailure): void {
      if (!isWanted(request, call)) return;
      const durationMs = Math.round((steady.now() - start) * 1000) / 1000;
      const answered = { request, response, failure, call, time: clock.now(), durationMs };
      if (waiting.length >= MAX_WAITING_ANSWERS) onDropped();
      else if (waiting.push(() => append(decide(answered), request)) === 1) setImmediate(drain);
    }
  }

  function drain(): void {
    for (const record of waiting.splice(0)) {
      try {
        record();
      } catch (thrown) {
        onDropped();
        log.error('decision not recorded', { stack: stackOf(thrown) }, face);
      }
    }
  }

  /** Makes a decision. A plain literal: one of spread parts takes several times as long. */
  function decisionOf(
    { call, time, durationMs, response }: Answered<unknown, AnswerFacts>,
    vmId: string | undefined,
    content: PolicyContent & { readonly policy?: string | undefined },
    { method, hosts, units, reasons, unknownHostIds = [], migration, selector, rawScores }: OwnParts,
  ): Decision {
    const { context, snapshotTime } = response;
    const policy = content.policy === undefined ? undefined : policies.get(content.policy);
    const snapshots = context?.snapshots() ?? [];
    return {
      id: makeId(face, time),
      time,
      durationMs,
      requestId: call.requestId,
      face,
      method,
      vm: vmId === undefined ? undefined : vmOf(vmId, context),
      policy: content.policy,
      policyHash: policy?.hash ?? hashOf(content),
      properties:
        policy === undefined ? content.properties : new Map([...policy.properties, ...content.properties]),
      snapshots: snapshots.length > 0 || snapshotTime === undefined ? snapshots : [{ time: snapshotTime }],
      hosts,
      unknownHostIds,
      units,
      reasons,
      migration,
      selector,
      rawScores,
    };
  }

  /** Returns the hash of units and properties, which are mostly the same from call to call. */
  function hashOf({ filters, scores, properties }: PolicyContent): string {
    const key = JSON.stringify([filters, scores, [...properties]]);
    const known = hashes.get(key);
    if (known !== undefined) return known;
    const hash = policyHash({ filters, scores, properties });
    if (hashes.size >= MAX_HASHES) hashes.clear();
    if (key.length <= MAX_HASHED_LENGTH) hashes.set(key, hash);
    return hash;
  }

  /** Returns hosts with their names, which are looked up once in a while for a list that is asked for again. */
  function hostsOf(ids: readonly string[], { context }: AnswerFacts, time: number): readonly DecidedHost[] {
    const known = named.get(ids);
    if (known !== undefined && time < known.until) return known.hosts;
    if (shared.size > MAX_SHARED_HOSTS) shared.clear();
    const hosts = ids.map((id) => hostOf(id, context?.hostName(id)));
    named.set(ids, { until: time + NAMES_KEPT_MS, hosts });
    return hosts;
  }

  function hostOf(id: string, name: string | undefined): DecidedHost {
    let host = shared.get(id);
    if (host === undefined || host.name !== name) shared.set(id, (host = { id, name }));
    return host;
  }

  function decideScores(answered: Answered<ScoreHostsRequest, ScoreHostsResponse>): Decision {
    const { request, response, call, time } = answered;
    const { vmId, hosts, policy, properties } = request;
    const { scores, unitResults, unknownHostIds, context, explanation } = response;
    const units = (policy === undefined ? undefined : policies.get(policy)?.scores) ?? request.units;
    const factors = call.engine?.factors;
    const asked = units.map(({ name, weight }) => ({ name, weight: factors?.get(name) ?? weight }));
    const weights = new Map(asked.map(({ name, weight }) => [name, weight]));
    // A list that is the same array as before needs no look at its hosts.
    const listed = context?.hostIds() ?? (hosts === 'ALL_UP' ? [] : hosts);
    const ids = listed.length === scores.length ? listed : scores.map(({ hostId }) => hostId);
    const reasons: DecidedReason[] = [];
    const content = { policy, filters: [], scores: asked, properties };
    const decision = decisionOf(answered, vmId, content, {
      method: 'SCORE',
      hosts: hostsOf(ids, response, time),
      unknownHostIds,
      units: unitResults.map(({ unit: name, value, direction = 'HIGHER_IS_BETTER', failure }) => {
        const weight = weights.get(name) ?? 1;
        return failure === undefined
          ? { name, weight, values: packedValues(value), direction }
          : { name, weight, failure };
      }),
      reasons,
      selector: call.engine?.selector,
      rawScores: call.engine?.rawScores,
    });
    for (const place of bestTwo(rankingOf(decision))) {
      const hostId = ids[place] ?? '';
      const told = explanation?.reasons(place);
      for (const { unit } of unitResults) {
        const text = context?.words(unit, hostId) ?? told?.find((reason) => reason.unit === unit)?.text ?? '';
        if (text !== '') reasons.push({ unit, hostId, text });
      }
    }
    return decision;
  }

  function decideFilters(answered: Answered<FilterHostsRequest, FilterHostsResponse>): Decision {
    const { request, response, time } = answered;
    const { vmId, hosts, policy, properties } = request;
    const filters = (policy === undefined ? undefined : policies.get(policy)?.filters) ?? request.units;
    const ids = response.context?.hostIds() ?? (hosts === 'ALL_UP' ? response.hostIds : hosts);
    const units = response.unitResults.map(({ unit: name, value, failure }): DecidedUnit =>
      failure === undefined
        ? { name, weight: 1, accepted: verdicts(ids, value) }
        : { name, weight: 1, failure },
    );
    const content = { policy, filters, scores: [], properties };
    return decisionOf(answered, vmId, content, {
      method: 'FILTER',
      hosts: hostsOf(ids, response, time),
      units,
      reasons: rejectionWords(ids, units, response),
    });
  }

  function decideMigration(answered: Answered<BalanceHostsRequest, BalanceHostsResponse>): Decision {
    const { request, response, time, failure } = answered;
    const { unit: name, hostIds, properties } = request;
    const { migration, context } = response;
    const candidates = new Set(migration?.candidateHostIds);
    const text = response.explanation ?? context?.words(name) ?? '';
    const content = { filters: [], scores: [{ name, weight: 1 }], properties };
    return decisionOf(answered, migration?.vmId, content, {
      method: 'BALANCE',
      hosts: hostsOf(hostIds, response, time),
      units: [
        failure === undefined
          ? { name, weight: 1, accepted: Uint8Array.from(hostIds, (id) => Number(candidates.has(id))) }
          : { name, weight: 1, failure },
      ],
      reasons: text === '' ? [] : [{ unit: name, hostId: '', text }],
      migration,
    });
  }

  return {
    listPolicyUnits: service.listPolicyUnits,
    scoreHosts: (request, call) =>
      recorded(
        ...([request, call, service.scoreHosts(request, call), decideScores] as const),
        ({ units }, failure) => ({
          scores: [],
          unitResults: units.map(({ name: unit }) => ({ unit, failure })),
          unknownHostIds: [],
        }),
      ),
    filterHosts: (request, call) =>
      recorded(
        ...([request, call, service.filterHosts(request, call), decideFilters] as const),
        ({ hosts, units }, failure) => ({
          hostIds: hosts === 'ALL_UP' ? [] : hosts,
          unitResults: units.map((unit) => ({ unit, failure })),
        }),
      ),
    balanceHosts: (request, call) =>
      recorded(
        ...([request, call, service.balanceHosts(request, call), decideMigration] as const),
        () => ({}),
      ),
  };
}

function vmOf(id: string, context: AnswerContext | undefined): DecidedVm {
  const vm = context?.vm();
  return vm === undefined ? { id } : { id, name: vm.name, os: vm.os, clusterId: vm.clusterId };
}

/** Marks the hosts that are accepted; both lists are in the same order. */
function verdicts(ids: readonly string[], accepted: readonly string[]): Uint8Array {
  const marks = new Uint8Array(ids.length);
  let next = 0;
  for (let place = 0; place < ids.length; place++) {
    if (ids[place] !== accepted[next]) continue;
    marks[place] = 1;
    next++;
  }
  return marks;
}

/** Returns the words about some rejected hosts, as many as may be kept: those of the answer, else of a filter of this process. */
function rejectionWords(
  ids: readonly string[],
  units: readonly DecidedUnit[],
  { context, unitResults }: FilterHostsResponse,
): readonly DecidedReason[] {
  const reasons: DecidedReason[] = [];
  const hosts = new Set<string>();
  for (const [index, unit] of units.entries()) {
    if (!('accepted' in unit)) continue;
    for (const [place, hostId] of ids.entries()) {
      if (unit.accepted[place] === 1) continue;
      if (hosts.size >= MAX_REASONED_REJECTIONS && !hosts.has(hostId)) continue;
      const told = unitResults[index]?.rejections?.find((rejection) => rejection.hostId === hostId)?.reason;
      const text = told ?? context?.words(unit.name, hostId) ?? '';
      if (text === '') continue;
      hosts.add(hostId);
      reasons.push({ unit: unit.name, hostId, text });
    }
  }
  return reasons;
}

/** Returns a function that tells whether to record a call: so many a second, and a sample of the others and of streams. */
function createSampler(rate: number, steady: Clock): (isStreamed: boolean) => boolean {
  let tokens = rate;
  let filled = steady.now();
  let skipped = 0;
  return (isStreamed) => {
    if (!isStreamed && rate === Infinity) return true;
    const now = steady.now();
    tokens = Math.min(rate, tokens + ((now - filled) / 1000) * rate);
    filled = now;
    if (!isStreamed && tokens >= 1) {
      tokens--;
      return true;
    }
    skipped = (skipped + 1) % SAMPLE_EVERY;
    return skipped === 0;
  };
}
