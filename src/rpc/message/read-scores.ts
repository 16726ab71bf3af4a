import {
  isScore,
  MAX_SCORE,
  type Direction,
  type HostScore,
  type HostSelection,
  type ScoreExplanation,
  type ScoreHostsRequest,
  type ScoreHostsResponse,
  type ScoreUnitResult,
  type UnitResult,
} from '../../domain/contract.js';
import type { HostScore__Output } from '../../gen/hostscore/v1/HostScore.js';
import type { ScoreHostsResponse__Output } from '../../gen/hostscore/v1/ScoreHostsResponse.js';
import type { ScoreUnitResult__Output } from '../../gen/hostscore/v1/ScoreUnitResult.js';
import { answerFault } from './answer-fault.js';
import { boundedText } from '../../lib/text.js';
import { distinctIds } from './distinct-ids.js';
import { quote } from './quote.js';
import { checkUnits, readAnsweredId, readFailure, readSnapshotTime } from './read-answer-parts.js';

/** How closely scores are read. */
export interface ScoreReading {
  /** How a unit's values are to be read: undefined when the service was not asked yet. */
  readonly directionOf: (unit: string) => Direction | undefined;
  /** Whether a score or a sum outside its range is refused. */
  readonly checksRanges: boolean;
}

/** An answer as it came in. */
export interface ReceivedScores extends ScoreHostsResponse__Output {
  /** The scores, where they were decoded by hand: of hosts that were asked for, each once; `scores` is empty then. */
  readonly decoded?: readonly HostScore[];
}

/**
 * Reads the scores that a remote service answered, against the request. Throws INTERNAL, naming the field, for an answer
 * that leaves out, doubles or makes up a host or a unit, mixes up their order, or gives a number outside its range: such
 * a service is wrong about more than one unit, and its sums can't be taken apart.
 */
export function readScores(
  message: ReceivedScores,
  request: ScoreHostsRequest,
  reading: ScoreReading,
): ScoreHostsResponse {
  checkUnits(
    message.unit_results,
    request.units.map(({ name }) => name),
  );
  const hosts = (message.decoded ?? message.scores).length;
  const unitResults = message.unit_results.map((result, index) =>
    readUnitResult(result, index, hosts, reading),
  );
  const maxScore = reading.checksRanges ? MAX_SCORE * weightOfAnswers(unitResults, request) : undefined;
  const scores = message.decoded ?? message.scores.map(readHostScore);
  if (maxScore !== undefined) checkRange(scores, maxScore);
  const unknownHostIds = message.unknown_host_ids.map((id, index) =>
    readAnsweredId(id, `unknown_host_ids[${index}]`),
  );
  checkHosts(scores, unknownHostIds, request.hosts);
  return {
    scores,
    unitResults,
    unknownHostIds,
    ...(request.explain ? { explanation: readExplanation(message.scores) } : {}),
    ...readSnapshotTime(message.snapshot_time),
  };
}

const DIRECTIONS: ReadonlyMap<string | number, Direction> = new Map([
  ['DIRECTION_HIGHER_IS_BETTER', 'HIGHER_IS_BETTER'],
  ['DIRECTION_LOWER_IS_BETTER', 'LOWER_IS_BETTER'],
]);

function readUnitResult(
  { unit, scores, failure, direction: named }: ScoreUnitResult__Output,
  index: number,
  hosts: number,
  { directionOf, checksRanges }: ScoreReading,
): ScoreUnitResult {
  const field = `unit_results[${index}]`;
  if (failure != null) return { unit, failure: readFailure(failure) };
  if (scores == null) throw answerFault(field, `expected scores or a failure of ${quote(unit)}, got neither`);
  const { values } = scores;
  if (values.length !== hosts) {
    throw answerFault(`${field}.scores`, `expected ${hosts} values, one for each host, got ${values.length}`);
  }
  const direction = DIRECTIONS.get(named);
  if (checksRanges && (direction ?? directionOf(unit)) === 'HIGHER_IS_BETTER') {
    const wrong = values.findIndex((value) => !isScore(value));
    if (wrong >= 0) {
      throw answerFault(
        `${field}.scores.values[${wrong}]`,
        `expected 0 to 100, got ${String(values[wrong])}`,
      );
    }
  }
  return direction === undefined ? { unit, value: values } : { unit, value: values, direction };
}

function weightOfAnswers(results: readonly UnitResult<unknown>[], { units }: ScoreHostsRequest): number {
  let sum = 0;
  // Either the results stand in the order of the units asked for, or none was asked for and each counts once.
  for (const [index, { failure }] of results.entries()) {
    if (failure === undefined) sum += units[index]?.weight ?? 1;
  }
  return sum;
}

function readHostScore({ host_id, score }: HostScore__Output, index: number): HostScore {
  if (score === undefined) throw answerFault(`scores[${index}].score`, 'expected a score, got none');
  return { hostId: readAnsweredId(host_id, `scores[${index}].host_id`), score };
}

function readExplanation(scores: readonly HostScore__Output[]): ScoreExplanation {
  return {
    hostName(place) {
      const name = scores[place]?.host_name;
      return name === undefined ? undefined : boundedText(name);
    },
    reasons: (place) =>
      scores[place]?.reasons.map(({ unit, text }) => ({ unit, text: boundedText(text) })) ?? [],
  };
}

function checkRange(scores: readonly HostScore[], maxScore: number): void {
  const wrong = scores.findIndex(({ score }) => score < 0 || score > maxScore);
  if (wrong < 0) return;
  throw answerFault(
    `scores[${wrong}].score`,
    `expected 0 to ${maxScore}, got ${String(scores[wrong]?.score)}`,
  );
}

function checkHosts(
  scores: readonly HostScore[],
  unknownHostIds: readonly string[],
  asked: HostSelection,
): void {
  if (asked === 'ALL_UP') {
    const seen = new Set<string>();
    for (const [index, { hostId }] of scores.entries()) {
      if (seen.has(hostId)) throw answerFault(`scores[${index}].host_id`, `${hostId} stands here twice`);
      seen.add(hostId);
    }
    if (unknownHostIds.length > 0) throw answerFault('unknown_host_ids', 'no host was asked for by its id');
    return;
  }
  let scored = 0;
  let unknown = 0;
  for (const id of distinctIds(asked)) {
    if (scores[scored]?.hostId === id) scored++;
    else if (unknownHostIds[unknown] === id) unknown++;
    else throw answerFault('scores', `host ${id} is missing, or not in the order asked`);
  }
  const extra = scores[scored];
  if (extra !== undefined) {
    throw answerFault(`scores[${scored}].host_id`, `${extra.hostId} was not asked for, or stands here twice`);
  }
  if (unknown < unknownHostIds.length) {
    throw answerFault(
      `unknown_host_ids[${unknown}]`,
      `${String(unknownHostIds[unknown])} was not asked for, or stands here twice`,
    );
  }
}
