import type {
  Direction,
  ScoreHostsResponse,
  UnitFailure,
  UnitResult,
  WeightedUnit,
} from '../../domain/contract.js';
import type { AskedHosts } from './asked-hosts.js';
import { explainScores } from './explain.js';
import { combineHosts, type CombinedHosts, type Places } from './hosts.js';
import type { Column, ScoreAnswer } from './score-answer.js';
import { scoresOfCosts } from './scores-of-costs.js';

/** What was asked, and what came of it. */
export interface ScoreParts {
  readonly asked: AskedHosts | 'ALL_UP';
  readonly units: readonly WeightedUnit[];
  readonly explain: boolean;
  /** In the order of the members. */
  readonly answers: readonly ScoreAnswer[];
  /** Why a unit was not answered for, by its place among the units. */
  readonly failures: ReadonlyMap<number, UnitFailure>;
  /** The time of an answer to which no member contributed: milliseconds since the epoch. */
  readonly now: number;
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
  const sums = sumsOf(results, units, hosts.ids.length);
  return {
    scores: explain
      ? explainScores(hosts, sums, answers, columnsOf(results))
      : (sharedScores(responses, hosts, sums) ??
        hosts.ids.map((hostId, place) => ({ hostId, score: sums[place] ?? 0 }))),
    unitResults: results.map((result) =>
      result.value === undefined ? result : { unit: result.unit, value: result.value.values },
    ),
    unknownHostIds: hosts.unknownHostIds,
    snapshotTime: Math.min(...responses.map(({ snapshotTime }) => snapshotTime)),
  };
}

/** With no member to say which hosts there are, those asked for are taken as known. */
function nobodyAnswered({ asked, units, failures, now }: ScoreParts): ScoreHostsResponse {
  const ids = asked === 'ALL_UP' ? [] : asked.ids;
  return {
    scores: ids.map((hostId) => ({ hostId, score: 0 })),
    unitResults: units.map(({ name }, place) => ({ unit: name, failure: failureAt(failures, place) })),
    unknownHostIds: [],
    snapshotTime: now,
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
  const worst = direction === 'HIGHER_IS_BETTER' || values.length === 0 ? 0 : highest(values);
  return Array.from(places, (place) => values[place] ?? worst);
}

function highest(values: readonly number[]): number {
  return values.reduce((left, right) => Math.max(left, right));
}

function columnsOf(results: readonly UnitResult<Column>[]): readonly Column[] {
  return results.flatMap(({ value }) => (value === undefined ? [] : [value]));
}

function sumsOf(
  results: readonly UnitResult<Column>[],
  units: readonly WeightedUnit[],
  hosts: number,
): Float64Array {
  const sums = new Float64Array(hosts);
  for (const [place, { value: column }] of results.entries()) {
    if (column === undefined) continue;
    const weight = units[place]?.weight ?? 0;
    const scores = column.direction === 'LOWER_IS_BETTER' ? scoresOfCosts(column.values) : column.values;
    for (let host = 0; host < hosts; host++) sums[host] = (sums[host] ?? 0) + weight * (scores[host] ?? 0);
  }
  return sums;
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
