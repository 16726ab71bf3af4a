import type {
  Direction,
  ScoreHostsResponse,
  ScoreUnitResult,
  UnitFailure,
  UnitResult,
  WeightedUnit,
} from '../../domain/contract.js';
import { rangeOf, sumScores } from '../../domain/score-sums.js';
import type { AskedHosts } from './asked-hosts.js';
import { explainScores } from './explain.js';
import { combineHosts, type CombinedHosts, type Places } from './hosts.js';
import type { Column, ScoreAnswer } from './score-answer.js';

/** What was asked, and what came of it. */
export interface ScoreParts {
  readonly asked: AskedHosts | 'ALL_UP';
  readonly units: readonly WeightedUnit[];
  readonly explain: boolean;
  /** In the order of the members. */
  readonly answers: readonly ScoreAnswer[];
  /** Why a unit was not answered for, by its place among the units. */
  readonly failures: ReadonlyMap<number, UnitFailure>;
}

/**
 * Makes one answer of those of several members: each host's score is the sum of weight x score over all units that
 * answered. A unit whose service lacks a host gives it the worst score. Values of units that give costs stay as they are,
 * and are made scores for the sum only. The snapshot's time is the oldest one. Linear in hosts x units.
 */
export function combineScores(parts: ScoreParts): ScoreHostsResponse {
  const { asked, units, answers, explain } = parts;
  if (answers.length === 0) return nobodyAnswered(parts);
  const responses = answers.map(({ response }) => response);
  const hosts = combineHosts(responses, asked);
  const results = alignResults(parts, hosts);
  const unitResults = results.map((result): ScoreUnitResult =>
    result.value === undefined
      ? result
      : { unit: result.unit, value: result.value.values, direction: result.value.direction },
  );
  const sums = sumScores(unitResults, units, hosts.ids.length);
  return {
    scores:
      sharedScores(responses, hosts, sums) ??
      hosts.ids.map((hostId, place) => ({ hostId, score: sums[place] ?? 0 })),
    unitResults,
    ...(explain ? { explanation: explainScores(hosts, answers, columnsOf(results)) } : {}),
    unknownHostIds: hosts.unknownHostIds,
    ...oldestSnapshot(responses),
  };
}

/** With no member to say which hosts there are, those asked for are taken as known. */
function nobodyAnswered({ asked, units, failures }: ScoreParts): ScoreHostsResponse {
  const ids = asked === 'ALL_UP' ? [] : asked.ids;
  return {
    scores: ids.map((hostId) => ({ hostId, score: 0 })),
    unitResults: units.map(({ name }, place) => ({ unit: name, failure: failureAt(failures, place) })),
    unknownHostIds: [],
  };
}

function failureAt(failures: ReadonlyMap<number, UnitFailure>, place: number): UnitFailure {
  return failures.get(place) ?? { code: 'INTERNAL', message: 'nobody answered for the unit' };
}

function alignResults(
  { units, answers, failures }: ScoreParts,
  hosts: CombinedHosts,
): readonly UnitResult<Column>[] {
  const results: UnitResult<Column>[] = units.map(({ name }, place) => ({
    unit: name,
    failure: failureAt(failures, place),
  }));
  for (const [answer, { units: answered, response }] of answers.entries()) {
    for (const [index, { place, direction }] of answered.entries()) {
      const [unit, result] = [units[place]?.name ?? '', response.unitResults[index]];
      if (result?.failure !== undefined) results[place] = { unit, failure: result.failure };
      if (result?.value === undefined) continue;
      const values = alignValues(result.value, hosts.places[answer], direction);
      results[place] = { unit, value: { unit, direction, values, answer, index } };
    }
  }
  return results;
}

function alignValues(values: readonly number[], places: Places, direction: Direction): readonly number[] {
  if (places === undefined) return values;
  const worst = direction === 'HIGHER_IS_BETTER' || values.length === 0 ? 0 : rangeOf(values).max;
  return Array.from(places, (place) => values[place] ?? worst);
}

function columnsOf(results: readonly UnitResult<Column>[]): readonly Column[] {
  return results.flatMap(({ value }) => (value === undefined ? [] : [value]));
}

/** The only member's own array of scores, if its sums are the same. */
function sharedScores(
  responses: readonly ScoreHostsResponse[],
  hosts: CombinedHosts,
  sums: Float64Array,
): ScoreHostsResponse['scores'] | undefined {
  const [only] = responses;
  if (only === undefined || responses.length > 1 || hosts.places[0] !== undefined) return undefined;
  return only.scores.every(({ score }, place) => score === sums[place]) ? only.scores : undefined;
}

/** Returns the time of the oldest snapshot among the answers; none when no service has an inventory. */
export function oldestSnapshot(responses: readonly { readonly snapshotTime?: number }[]): {
  readonly snapshotTime?: number;
} {
  const times = responses.flatMap(({ snapshotTime }) => snapshotTime ?? []);
  return times.length === 0 ? {} : { snapshotTime: Math.min(...times) };
}
