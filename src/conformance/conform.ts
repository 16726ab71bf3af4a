import { SchedulingError } from '../domain/errors.js';
import type { BalanceHostsRequest } from '../gen/hostscore/v1/BalanceHostsRequest.js';
import type { BalanceHostsResponse__Output } from '../gen/hostscore/v1/BalanceHostsResponse.js';
import type { Failure__Output } from '../gen/hostscore/v1/Failure.js';
import type { FilterHostsRequest } from '../gen/hostscore/v1/FilterHostsRequest.js';
import type { FilterHostsResponse__Output } from '../gen/hostscore/v1/FilterHostsResponse.js';
import type { ListPolicyUnitsResponse__Output } from '../gen/hostscore/v1/ListPolicyUnitsResponse.js';
import type { PolicyUnit__Output } from '../gen/hostscore/v1/PolicyUnit.js';
import type { PolicyUnitType } from '../gen/hostscore/v1/PolicyUnitType.js';
import type { ScoreHostsRequest } from '../gen/hostscore/v1/ScoreHostsRequest.js';
import type { ScoreHostsResponse__Output } from '../gen/hostscore/v1/ScoreHostsResponse.js';
import { quoted } from '../lib/text.js';
import {
  balanceCases,
  filterCases,
  scoreCases,
  type Case,
  type ConformOptions,
  type ListedUnits,
} from './cases.js';
import { checkListing } from './listing-rules.js';
import { checkFiltered, checkMigration, checkScores, type Asked, type Report } from './rules.js';

/** The methods of a service under test. Each rejects with a SchedulingError for a status other than OK. */
export interface Tested {
  readonly listPolicyUnits: () => Promise<ListPolicyUnitsResponse__Output>;
  readonly scoreHosts: (request: ScoreHostsRequest) => Promise<ScoreHostsResponse__Output>;
  readonly filterHosts: (request: FilterHostsRequest) => Promise<FilterHostsResponse__Output>;
  readonly balanceHosts: (request: BalanceHostsRequest) => Promise<BalanceHostsResponse__Output>;
}

/** A field of an answer that breaks the contract. */
export interface Violation {
  readonly method: string;
  /** The call, in words. */
  readonly call: string;
  readonly field: string;
  readonly rule: string;
}

/** Outcome of the calls. */
export interface Conformance {
  readonly units: readonly PolicyUnit__Output[];
  /** Number of calls of each method. */
  readonly calls: ReadonlyMap<string, number>;
  readonly violations: readonly Violation[];
}

/** Calls a service in the ways that the contract speaks of, and checks each answer. Rejects when it lists no units. */
export async function conform(service: Tested, options: ConformOptions): Promise<Conformance> {
  const violations: Violation[] = [];
  const calls = new Map<string, number>();

  /** Makes a call; returns its answer, or undefined when there is none. */
  async function run<Request, Answer>(
    method: string,
    { title, request, refusal, also }: Case<Request, Answer>,
    send: (request: Request) => Promise<Answer>,
    check: (answer: Answer, report: Report) => void,
  ): Promise<Answer | undefined> {
    const report: Report = (field, rule) => violations.push({ method, call: title, field, rule });
    calls.set(method, (calls.get(method) ?? 0) + 1);
    let answer: Answer;
    try {
      answer = await send(request);
    } catch (thrown) {
      checkStatus(SchedulingError.from(thrown), refusal, report);
      return undefined;
    }
    if (refusal !== undefined) {
      report('status', `expected ${refusal.code} that names ${refusal.names}, got an answer`);
      return undefined;
    }
    check(answer, report);
    also?.(answer, report);
    return answer;
  }

  const listing = await service.listPolicyUnits();
  const listCase = (title: string) => ({ title, request: undefined });
  const complete = options.inventory;
  await run(
    'ListPolicyUnits',
    listCase('the list'),
    () => Promise.resolve(listing),
    (list, report) => checkListing(list, complete, report),
  );
  await run('ListPolicyUnits', listCase('the list again'), service.listPolicyUnits, (list, report) => {
    if (orderOf(list) !== orderOf(listing))
      report('policy_units', 'expected the units and the order of the call before');
  });

  const listed = (type: PolicyUnitType): ListedUnits =>
    new Map(listing.policy_units.filter((unit) => unit.type === type).map((unit) => [unit.name, unit]));
  const hasInventory = listing.has_inventory;
  const common = { hasInventory, complete };

  const scores = listed('POLICY_UNIT_TYPE_SCORE');
  const scored: UnitOutcome[] = [];
  for (const one of scores.size === 0 ? [] : scoreCases(options, scores, hasInventory)) {
    const units = (one.request.units ?? []).map(({ name = '', weight = 1 }) => ({ name, weight }));
    const asked: Asked = { ...common, ...hostsAndReasons(one.request), units, listed: scores };
    const answer = await run('ScoreHosts', one, service.scoreHosts, (response, report) =>
      checkScores(response, asked, report),
    );
    scored.push(...(answer?.unit_results ?? []));
  }
  violations.push(...untried('ScoreHosts', scores, scored));

  const filters = listed('POLICY_UNIT_TYPE_FILTER');
  const filtered: UnitOutcome[] = [];
  for (const one of filters.size === 0 ? [] : filterCases(options, filters, hasInventory)) {
    const units = (one.request.units ?? []).map((name) => ({ name, weight: 1 }));
    const asked: Asked = { ...common, ...hostsAndReasons(one.request), units, listed: filters };
    const answer = await run('FilterHosts', one, service.filterHosts, (response, report) =>
      checkFiltered(response, asked, report),
    );
    filtered.push(...(answer?.unit_results ?? []));
  }
  violations.push(...untried('FilterHosts', filters, filtered));

  const balancers = listed('POLICY_UNIT_TYPE_BALANCE');
  for (const one of options.balance && balancers.size > 0 ? balanceCases(options, balancers) : []) {
    const asked: Asked = { ...common, ...hostsAndReasons(one.request), units: [], listed: balancers };
    await run('BalanceHosts', one, service.balanceHosts, (response, report) =>
      checkMigration(response, asked, report),
    );
  }
  return { units: listing.policy_units, calls, violations };
}

function checkStatus(
  { code, message }: SchedulingError,
  refusal: Case<unknown, unknown>['refusal'],
  report: Report,
): void {
  if (refusal === undefined) report('status', `expected an answer, got ${code}: ${message}`);
  else if (code !== refusal.code) report('status', `expected ${refusal.code}, got ${code}: ${message}`);
  else if (!message.includes(refusal.names)) {
    report('status', `expected a message of ${code} that names ${refusal.names}, got ${quoted(message)}`);
  }
}

function orderOf({ policy_units }: ListPolicyUnitsResponse__Output): string {
  return JSON.stringify(policy_units.map(({ type, name }) => [type, name]));
}

function hostsAndReasons({
  host_ids = [],
  all_hosts = false,
  explain = false,
}: Pick<ScoreHostsRequest, 'host_ids' | 'all_hosts' | 'explain'>): Pick<Asked, 'hosts' | 'explain'> {
  return { explain, hosts: all_hosts ? 'ALL_UP' : [...new Set(host_ids.map((id) => id.toLowerCase()))] };
}

/** The result of a unit in one answer. */
interface UnitOutcome {
  readonly unit: string;
  readonly failure?: Failure__Output | null;
}

/** Returns the units that failed in every call: what they answer is not known. */
function untried(method: string, units: ListedUnits, outcomes: readonly UnitOutcome[]): Violation[] {
  return [...units.keys()].flatMap((name) => {
    const own = outcomes.filter(({ unit }) => unit === name);
    const failure = own.at(-1)?.failure;
    if (!failure || own.some((outcome) => !outcome.failure)) return [];
    const rule = `${quoted(name)} failed in every call, so that its values were not tried; ${failure.code}: ${failure.message}`;
    return [{ method, call: 'every call', field: 'unit_results', rule }];
  });
}
