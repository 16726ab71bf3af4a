import type {
  AnswerContext,
  Direction,
  FilterHostsResponse,
  FilterUnitResult,
  HostScore,
  Reason,
  ScoreExplanation,
  ScoreHostsResponse,
  ScoreUnitResult,
  SnapshotMark,
  UnitFailure,
  WeightedUnit,
} from '../domain/contract.js';
import type { HostList } from '../domain/host-list.js';
import { rangeOf, sumScores } from '../domain/score-sums.js';
import type { FannedAnswer, FannedOut } from './fan-out.js';

/** A request for scores and the members' answers to it, checked. */
export interface ScoreParts extends FannedOut<ScoreHostsResponse> {
  readonly hosts: HostList;
  readonly units: readonly WeightedUnit[];
  readonly explain: boolean;
}

/** A request for filtered hosts and the members' answers to it, checked. */
export interface FilterParts extends FannedOut<FilterHostsResponse> {
  readonly hosts: HostList;
  /** Names of the filters. */
  readonly units: readonly string[];
}

type ScoreAnswer = FannedAnswer<ScoreHostsResponse>;

/** Index of each host of the answer in a member's scores, -1 for a host that it lacks; undefined for the same order. */
type Places = Int32Array | undefined;

/** Hosts of a combined answer. */
interface CombinedHosts {
  /** Known to at least one member. */
  readonly ids: readonly string[];
  /** Known to no member, in the order asked. */
  readonly unknownHostIds: readonly string[];
  readonly places: readonly Places[];
}

/** Source of one unit's values. */
interface Column {
  readonly unit: string;
  readonly answer: ScoreAnswer;
  /** Index among the unit results of the answer. */
  readonly index: number;
  readonly places: Places;
}

/**
 * Combines the scores of several members: a host's score is the sum of weight x score over the units that answered. A host
 * that a member lacks gets the worst score of its units. Costs become scores in the sum only. The snapshot time is the
 * oldest. Linear in hosts x units.
 */
export function combineScores(parts: ScoreParts): ScoreHostsResponse {
  const { units, answers, failures, explain } = parts;
  const responses = answers.map(({ value }) => value);
  const hosts = combineHosts(responses, parts.hosts);
  const unitResults = units.map(({ name }, place): ScoreUnitResult => failed(name, failures.get(place)));
  const columns: (Column | undefined)[] = units.map(() => undefined);
  for (const [member, answer] of answers.entries()) {
    for (const [index, place] of answer.places.entries()) {
      const [unit, result] = [units[place]?.name ?? '', answer.value.unitResults[index]];
      if (result?.failure !== undefined) unitResults[place] = { unit, failure: result.failure };
      if (result?.value === undefined) continue;
      const direction = result.direction ?? answer.routes[index]?.unit.direction ?? 'HIGHER_IS_BETTER';
      const places = hosts.places[member];
      unitResults[place] = { unit, direction, value: alignValues(result.value, places, direction) };
      columns[place] = { unit, answer, index, places };
    }
  }
  const sums = sumScores(unitResults, units, hosts.ids.length);
  return {
    scores:
      sharedScores(responses, hosts, sums) ??
      hosts.ids.map((hostId, place) => ({ hostId, score: sums[place] ?? 0 })),
    unitResults,
    ...(explain ? { explanation: explainScores(hosts, answers, columns) } : {}),
    unknownHostIds: hosts.unknownHostIds,
    ...oldestSnapshot(responses),
    context: contextOf(
      answers,
      hosts.ids,
      units.map(({ name }) => name),
    ),
  };
}

/**
 * Combines the filters of several members: accepts the hosts that every filter accepts, in the order asked. A failed filter
 * rejects nothing. The snapshot time is the oldest. Linear in hosts x filters.
 */
export function combineFilters({ hosts, units, answers, failures }: FilterParts): FilterHostsResponse {
  const results = units.map((unit, place): FilterUnitResult => failed(unit, failures.get(place)));
  for (const { places, value } of answers) {
    for (const [index, place] of places.entries()) {
      const [unit, result] = [units[place] ?? '', value.unitResults[index]];
      if (result !== undefined) results[place] = { ...result, unit };
    }
  }
  const accepted = results.flatMap(({ value }) => (value === undefined ? [] : [value]));
  return {
    hostIds: intersect(hosts.ids, accepted),
    unitResults: results,
    ...oldestSnapshot(answers.map(({ value }) => value)),
    context: contextOf(answers, hosts.ids, units),
  };
}

/** Returns what members of this process know of their answers, and the snapshots of all. */
function contextOf(
  answers: readonly FannedAnswer<ScoreHostsResponse | FilterHostsResponse>[],
  hostIds: readonly string[],
  units: readonly string[],
): AnswerContext {
  const contexts = answers.flatMap(({ value: { context } }) => context ?? []);
  return {
    vm: () => firstOf(contexts, ({ vm }) => vm()),
    hostIds: () => hostIds,
    hostName: (hostId) => firstOf(contexts, ({ hostName }) => hostName(hostId)),
    snapshots() {
      const marks = answers.flatMap(({ service, value: { snapshotTime, context } }): SnapshotMark[] => {
        const [own] = context?.snapshots() ?? [];
        return snapshotTime === undefined ? [] : [{ service, time: snapshotTime, eventId: own?.eventId }];
      });
      const [oldest] = [...marks].sort((left, right) => left.time - right.time);
      return oldest === undefined ? [] : [{ ...oldest, service: undefined }, ...marks];
    },
    words: (name, hostId) =>
      firstOf(answers, ({ places, routes, value: { context } }) => {
        const index = places.findIndex((place) => units[place] === name);
        const route = routes[index];
        return route && context?.words(route.offeredName, hostId);
      }),
  };
}

function firstOf<Item, Value>(
  items: readonly Item[],
  read: (item: Item) => Value | undefined,
): Value | undefined {
  for (const item of items) {
    const value = read(item);
    if (value !== undefined) return value;
  }
  return undefined;
}

function failed(
  unit: string,
  failure: UnitFailure = { code: 'INTERNAL', message: 'nobody answered for the unit' },
) {
  return { unit, failure };
}

function oldestSnapshot(responses: readonly { readonly snapshotTime?: number }[]): {
  readonly snapshotTime?: number;
} {
  const times = responses.flatMap(({ snapshotTime }) => snapshotTime ?? []);
  return times.length === 0 ? {} : { snapshotTime: Math.min(...times) };
}

/** Returns the hosts that any member knows, in the order asked; all of them if no member answered. */
function combineHosts(responses: readonly ScoreHostsResponse[], { ids }: HostList): CombinedHosts {
  const isWhole = ({ scores }: ScoreHostsResponse) => scores.length === ids.length;
  if (responses.length === 0 || responses.every(isWhole)) {
    return { ids, unknownHostIds: [], places: responses.map(() => undefined) };
  }
  const known = new Uint8Array(ids.length);
  for (const { scores } of responses) {
    let next = 0;
    for (let place = 0; place < ids.length; place++) {
      if (scores[next]?.hostId !== ids[place]) continue;
      known[place] = 1;
      next++;
    }
  }
  const knownIds = ids.filter((_, place) => known[place] === 1);
  return {
    ids: knownIds,
    unknownHostIds: ids.filter((_, place) => known[place] === 0),
    places: responses.map(({ scores }) => placesIn(scores, knownIds)),
  };
}

function placesIn(scores: readonly HostScore[], ids: readonly string[]): Places {
  if (scores.length === ids.length) return undefined;
  const places = new Int32Array(ids.length).fill(-1);
  let next = 0;
  for (let place = 0; place < ids.length; place++) {
    if (scores[next]?.hostId === ids[place]) places[place] = next++;
  }
  return places;
}

function alignValues(values: readonly number[], places: Places, direction: Direction): readonly number[] {
  if (places === undefined) return values;
  const worst = direction === 'HIGHER_IS_BETTER' || values.length === 0 ? 0 : rangeOf(values).max;
  return Array.from(places, (place) => values[place] ?? worst);
}

/** Returns the scores of the only member if its sums are the same, to allocate none. */
function sharedScores(
  responses: readonly ScoreHostsResponse[],
  hosts: CombinedHosts,
  sums: Float64Array,
): ScoreHostsResponse['scores'] | undefined {
  const [only] = responses;
  if (only === undefined || responses.length > 1 || only.scores.length !== hosts.ids.length) return undefined;
  return only.scores.every(({ score }, place) => score === sums[place]) ? only.scores : undefined;
}

function explainScores(
  hosts: CombinedHosts,
  answers: readonly ScoreAnswer[],
  columns: readonly (Column | undefined)[],
): ScoreExplanation {
  return {
    hostName(place) {
      for (const [member, { value }] of answers.entries()) {
        const there = hosts.places[member]?.[place] ?? place;
        const name = there < 0 ? undefined : value.explanation?.hostName(there);
        if (name !== undefined) return name;
      }
      return undefined;
    },
    reasons(place) {
      // A member returns the reasons of all its units at once.
      const given = new Map<ScoreAnswer, readonly Reason[]>();
      return columns.flatMap((column) => {
        if (column === undefined) return [];
        const { unit, answer, index, places } = column;
        const there = places?.[place] ?? place;
        if (there < 0) return { unit, text: `${answer.service} does not know this host: the worst score` };
        const reasons = given.get(answer) ?? answer.value.explanation?.reasons(there) ?? [];
        given.set(answer, reasons);
        const offeredName = answer.value.unitResults[index]?.unit;
        // Reasons come in the order of the units, but a failed unit has none, which shifts the ones after it.
        const guess = reasons[index];
        const reason = guess?.unit === offeredName ? guess : reasons.find(({ unit }) => unit === offeredName);
        return { unit, text: reason?.text ?? '' };
      });
    },
  };
}

/** Intersects ordered sublists of `ids`. */
function intersect(ids: readonly string[], lists: readonly (readonly string[])[]): readonly string[] {
  const [first] = lists;
  if (first === undefined) return ids;
  if (lists.length === 1) return first;
  const rejections = new Uint8Array(ids.length);
  for (const list of lists) {
    if (list.length === ids.length) continue;
    let next = 0;
    for (let place = 0; place < ids.length; place++) {
      if (ids[place] === list[next]) next++;
      else rejections[place] = 1;
    }
  }
  return ids.filter((_, place) => rejections[place] === 0);
}
