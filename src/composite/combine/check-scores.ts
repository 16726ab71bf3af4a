import {
  isScore,
  MAX_INT32,
  MAX_SCORE,
  MIN_SCORE,
  type Direction,
  type ScoreHostsResponse,
  type ScoreUnitResult,
  type UnitFailure,
} from '../../domain/contract.js';
import { isLowerCaseUuid } from '../../lib/uuid.js';
import type { AskedHosts } from './asked-hosts.js';
import { checkUnits, checkValueList, lie } from './lie.js';

/** A score unit that a member was asked for, under its name there. */
export interface AskedScoreUnit {
  readonly offeredName: string;
  readonly direction: Direction;
}

/**
 * Checks the scores that a member answered. Throws INTERNAL, naming the field, for an answer that leaves out, doubles or
 * makes up a host or a unit, mixes up their order, or has not one value for each host: nothing in such an answer can be
 * relied on. A unit one of whose values is out of range fails alone, with the service's name before why. Sums are not
 * looked at. One pass over the hosts, and one over each unit's values.
 */
export function checkScores(
  response: ScoreHostsResponse,
  asked: AskedHosts | 'ALL_UP',
  units: readonly AskedScoreUnit[],
  service: string,
): ScoreHostsResponse {
  checkUnits(
    response.unitResults,
    units.map(({ offeredName }) => offeredName),
  );
  if (asked === 'ALL_UP') checkUpHosts(response);
  else checkHosts(response, asked);
  if (response.snapshotTime !== undefined && !Number.isFinite(response.snapshotTime)) {
    throw lie('snapshot_time', `expected a time, got ${String(response.snapshotTime)}`);
  }
  const hosts = response.scores.length;
  const results = response.unitResults.map((result, index) =>
    checkValues(result, index, hosts, units[index]?.direction ?? 'HIGHER_IS_BETTER', service),
  );
  return results.every((result, index) => result === response.unitResults[index])
    ? response
    : { ...response, unitResults: results };
}

function checkHosts({ scores, unknownHostIds }: ScoreHostsResponse, { ids }: AskedHosts): void {
  let scored = 0;
  let unknown = 0;
  for (const id of ids) {
    if (scores[scored]?.hostId === id) scored++;
    else if (unknownHostIds[unknown] === id) unknown++;
    else throw lie('scores', `host ${id} is missing, or not in the order asked`);
  }
  const extra = scores[scored]?.hostId ?? unknownHostIds[unknown];
  if (extra !== undefined) throw lie('scores', `host ${extra} was not asked for, or stands here twice`);
}

function checkUpHosts({ scores, unknownHostIds }: ScoreHostsResponse): void {
  const seen = new Set<string>();
  for (const { hostId } of scores) {
    if (!isLowerCaseUuid(hostId)) throw lie('scores', `expected the id of a host, got ${hostId}`);
    if (seen.has(hostId)) throw lie('scores', `host ${hostId} stands here twice`);
    seen.add(hostId);
  }
  if (unknownHostIds.length > 0) throw lie('unknown_host_ids', 'no host was asked for by its id');
}

function checkValues(
  result: ScoreUnitResult,
  index: number,
  hosts: number,
  direction: Direction,
  service: string,
): ScoreUnitResult {
  if (result.failure !== undefined) return result;
  const { unit, value: values } = result;
  checkValueList(values, `unit_results[${index}]`);
  if (values.length !== hosts) {
    throw lie(
      `unit_results[${index}].scores`,
      `expected ${hosts} values, one for each host, got ${values.length}`,
    );
  }
  const fits = direction === 'HIGHER_IS_BETTER' ? isScore : isInt32;
  const wrong = values.findIndex((value) => !fits(value));
  return wrong < 0 ? result : { unit, failure: outOfRange(values[wrong], wrong, direction, service) };
}

function isInt32(value: number): boolean {
  return Number.isInteger(value) && value <= MAX_INT32 && value >= -MAX_INT32 - 1;
}

function outOfRange(value: unknown, place: number, direction: Direction, service: string): UnitFailure {
  const expected =
    direction === 'HIGHER_IS_BETTER'
      ? `an integer from ${MIN_SCORE} to ${MAX_SCORE}`
      : 'an integer of 32 bits';
  const { message } = lie(`values[${place}]`, `expected ${expected}, got ${String(value)}`);
  return { code: 'INTERNAL', message: `${service}: ${message}` };
}
