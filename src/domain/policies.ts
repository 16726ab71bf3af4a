import { createHash } from 'node:crypto';
import type {
  Call,
  FilterHostsRequest,
  PolicyUnitService,
  ScoreHostsRequest,
  ScoreHostsResponse,
  UnitCounterfactual,
  WeightedUnit,
} from './contract.js';
import { weightRanges, type RankedColumn } from './counterfactuals.js';
import { SchedulingError } from './errors.js';
import { scoresOfCosts } from './score-sums.js';

/** Units with weights and properties under one name, so that a caller names them all at once. */
export interface Policy extends PolicyContent {
  readonly name: string;
  /** As {@link policyHash} gives it. */
  readonly hash: string;
}

/** The units that a policy, or one call, runs, and how it tunes them. */
export interface PolicyContent {
  /** Names of filters. */
  readonly filters: readonly string[];
  /** Score units with their weights. */
  readonly scores: readonly WeightedUnit[];
  readonly properties: ReadonlyMap<string, string>;
}

/** The policies of a process by name. */
export type Policies = ReadonlyMap<string, Policy>;

/** Length of a policy hash: hexadecimal digits. */
const HASH_LENGTH = 12;

/**
 * Returns what tells one policy from another in logs and records: the first 12 hexadecimal digits of the SHA-256 of its
 * canonical JSON. The order in which units and properties are written makes no difference, and the name is no part of it: a
 * call that names the same units, weights and properties has the same hash as the policy.
 */
export function policyHash({ filters, scores, properties }: PolicyContent): string {
  const canonical = objectText([
    ['filters', JSON.stringify([...new Set(filters)].sort())],
    ['properties', objectText([...properties].map(([key, value]) => [key, JSON.stringify(value)]))],
    ['scores', objectText(scores.map(({ name, weight }) => [name, String(weight)]))],
  ]);
  return createHash('sha256').update(canonical).digest('hex').slice(0, HASH_LENGTH);
}

/** Writes a JSON object, keys sorted. JSON.stringify would put keys that are numbers first. */
function objectText(members: readonly (readonly [key: string, value: string])[]): string {
  const sorted = [...members].sort(([left], [right]) => (left < right ? -1 : Number(left > right)));
  return `{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
}

/**
 * Returns a service that does what the given one does and understands the names of policies: their units and properties
 * reach the given one in place of the name. Properties of a request win over those of its policy, key by key.
 */
export function withPolicies(service: PolicyUnitService, policies: Policies): PolicyUnitService {
  function named(name: string, { units }: ScoreHostsRequest | FilterHostsRequest): Policy {
    const policy = policies.get(name);
    if (policy === undefined) {
      const known =
        policies.size === 0
          ? 'none is configured'
          : `there are ${[...policies.keys()].map((known) => JSON.stringify(known)).join(', ')}`;
      throw invalid(`there is no policy ${JSON.stringify(name)}; ${known}`);
    }
    if (units.length > 0) throw invalid('goes without units, which the policy has; leave one of them out');
    return policy;
  }

  async function scoreByPolicy({ policy: name, ...rest }: Named<ScoreHostsRequest>, call: Call) {
    const { scores, properties } = named(name, rest);
    if (scores.length === 0) throw invalid(`${JSON.stringify(name)} has no score units, only filters`);
    const merged = new Map([...properties, ...rest.properties]);
    return service.scoreHosts({ ...rest, units: scores, properties: merged }, call);
  }

  async function filterByPolicy({ policy: name, ...rest }: Named<FilterHostsRequest>, call: Call) {
    const { filters, properties } = named(name, rest);
    if (filters.length === 0) throw invalid(`${JSON.stringify(name)} has no filters, only score units`);
    const merged = new Map([...properties, ...rest.properties]);
    return service.filterHosts({ ...rest, units: filters, properties: merged }, call);
  }

  return {
    ...service,
    scoreHosts: (request, call) =>
      isNamed(request) ? scoreByPolicy(request, call) : service.scoreHosts(request, call),
    filterHosts: (request, call) =>
      isNamed(request) ? filterByPolicy(request, call) : service.filterHosts(request, call),
  };
}

/** A request that names a policy. */
type Named<Request> = Request & { readonly policy: string };

function isNamed<Request extends ScoreHostsRequest | FilterHostsRequest>(
  request: Request,
): request is Named<Request> {
  return request.policy !== undefined;
}

/**
 * Returns a service that does what the given one does and says, where it is asked, which weights would change the best host.
 * The given one never sees that it was asked.
 */
export function withCounterfactuals(service: PolicyUnitService): PolicyUnitService {
  async function scoreWithRanges(request: ScoreHostsRequest, call: Call) {
    const response = await service.scoreHosts(request, call);
    return { ...response, counterfactuals: counterfactualsOf(response, request.units) };
  }

  return {
    ...service,
    scoreHosts(request, call) {
      if (request.counterfactuals === undefined) return service.scoreHosts(request, call);
      const { counterfactuals, ...rest } = request;
      return counterfactuals ? scoreWithRanges(rest, call) : service.scoreHosts(rest, call);
    },
  };
}

function counterfactualsOf(
  { scores, unitResults }: ScoreHostsResponse,
  units: readonly WeightedUnit[],
): readonly UnitCounterfactual[] {
  const columns = unitResults.flatMap(({ unit, value, direction }, place): readonly RankedColumn[] => {
    if (value === undefined) return [];
    // A request without units means each unit with weight 1.
    const weight = units.length === 0 ? 1 : (units[place]?.weight ?? 0);
    return [{ unit, weight, values: direction === 'LOWER_IS_BETTER' ? scoresOfCosts(value) : value }];
  });
  const ranking = { hosts: scores.length, columns, tieOrder: scores.map((_, place) => place) };
  return columns.map(({ unit, weight }, column) => ({
    unit,
    weight,
    weights: weightRanges(ranking, column).map(({ winner, from, to }) => ({
      hostId: scores[winner]?.hostId ?? '',
      from,
      to,
    })),
  }));
}

function invalid(problem: string): SchedulingError {
  return new SchedulingError('INVALID_ARGUMENT', `policy: ${problem}`);
}
