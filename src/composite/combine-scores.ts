import type {
  Direction,
  HostScore,
  Reason,
  ScoreExplanation,
  ScoreHostsResponse,
  ScoreUnitResult,
  UnitFailure,
  WeightedUnit,
} from '../domain/contract.js';
import type { HostList } from '../domain/host-list.js';
import { rangeOf, sumScores } from '../domain/score-sums.js';

/** What one member's score units answered, checked. */
export interface ScoreAnswer {
  /** The member's name. */
  readonly service: string;
  /** Places of its units among those of the request, aligned with the unit results of the response. */
  readonly places: readonly number[];
  /** How it lists the values of its units, aligned with the places. */
  readonly directions: readonly Direction[];
  readonly value: ScoreHostsResponse;
}

/** What was asked, and what came of it. */
export interface ScoreParts {
  readonly hosts: HostList;
  readonly units: readonly WeightedUnit[];
  readonly explain: boolean;
  /** In the order of the members. */
  readonly answers: readonly ScoreAnswer[];
  /** Why a unit was not answered for, by its place among the units. */
  readonly failures: ReadonlyMap<number, UnitFailure>;
}

/** Where each host of the answer stands in one member's scores, -1: the member lacks it; undefined: in the same place. */
type Places = Int32Array | undefined;

/** The hosts of the answer. */
interface CombinedHosts {
  /** Those that at least one member knows. */
  readonly ids: readonly string[];
  /** Those that no member knows, in the order asked. */
  readonly unknownHostIds: readonly string[];
  /** For each member that answered. */
  readonly places: readonly Places[];
}

/** Where one unit's values are from. */
interface Column {
  /** Its name here. */
  readonly unit: string;
  readonly answer: ScoreAnswer;
  /** Its place among the unit results of that answer. */
  readonly index: number;
  /** Where the hosts stand in that answer. */
  readonly places: Places;
}

/**
 * Makes one answer of those of several members: each host's score is the sum of weight x score over all units that
 * answered. A unit whose service lacks a host gives it the worst score. Values of units that give costs stay as they are,
 * and are made scores for the sum only. The snapshot's time is the oldest one. Linear in hosts x units.
 */
export function combineScores(parts: ScoreParts): ScoreHostsResponse {
  const { units, answers, failures, explain } = parts;
  const responses = answers.map(({ value }) => value);
  const hosts = combineHosts(responses, parts.hosts);
  const unitResults = units.map(({ name }, place): ScoreUnitResult => ({
    unit: name,
    failure: failures.get(place) ?? { code: 'INTERNAL', message: 'nobody answered for the unit' },
  }));
  const columns: (Column | undefined)[] = units.map(() => undefined);
  for (const [member, answer] of answers.entries()) {
    for (const [index, place] of answer.places.entries()) {
      const [unit, result] = [units[place]?.name ?? '', answer.value.unitResults[index]];
      if (result?.failure !== undefined) unitResults[place] = { unit, failure: result.failure };
      if (result?.value === undefined) continue;
      const direction = result.direction ?? answer.directions[index] ?? 'HIGHER_IS_BETTER';
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
  };
}

/** Returns the time of the oldest snapshot among the answers; none when no service has an inventory. */
export function oldestSnapshot(responses: readonly { readonly snapshotTime?: number }[]): {
  readonly snapshotTime?: number;
} {
  const times = responses.flatMap(({ snapshotTime }) => snapshotTime ?? []);
  return times.length === 0 ? {} : { snapshotTime: Math.min(...times) };
}

/** Joins the hosts that members know, in the order asked. With no member to say which there are, all are taken as known. */
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

/** Returns where each host stands among scores that hold some of them in the same order. */
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

/** Returns the only member's own array of scores, if its sums are the same. */
function sharedScores(
  responses: readonly ScoreHostsResponse[],
  hosts: CombinedHosts,
  sums: Float64Array,
): ScoreHostsResponse['scores'] | undefined {
  const [only] = responses;
  if (only === undefined || responses.length > 1 || only.scores.length !== hosts.ids.length) return undefined;
  return only.scores.every(({ score }, place) => score === sums[place]) ? only.scores : undefined;
}

/**
 * Explains combined scores: a name from the first member that knows the host, the reasons of all units that answered, in
 * the order asked and under their names here.
 */
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
      // A member gives the reasons of all its units at a time.
      const given = new Map<ScoreAnswer, readonly Reason[]>();
      return columns.flatMap((column) => {
        if (column === undefined) return [];
        const { unit, answer, index, places } = column;
        const there = places?.[place] ?? place;
        if (there < 0) return { unit, text: `${answer.service} does not know this host: the worst score` };
        const reasons = given.get(answer) ?? answer.value.explanation?.reasons(there) ?? [];
        given.set(answer, reasons);
        const offeredName = answer.value.unitResults[index]?.unit;
        // Reasons stand in the order of the units; behind one that failed they have moved up and are looked for.
        const guess = reasons[index];
        const reason = guess?.unit === offeredName ? guess : reasons.find(({ unit }) => unit === offeredName);
        return { unit, text: reason?.text ?? '' };
      });
    },
  };
}
