import type { Direction, ScoreUnitResult } from '../domain/contract.js';
import { isScore, MAX_SCORE, MIN_SCORE } from '../domain/contract.js';
import { sumScores } from '../domain/score-sums.js';
import type { Timestamp__Output } from '../gen/google/protobuf/Timestamp.js';
import type { BalanceHostsResponse__Output } from '../gen/hostscore/v1/BalanceHostsResponse.js';
import type { Failure__Output } from '../gen/hostscore/v1/Failure.js';
import type { FilterHostsResponse__Output } from '../gen/hostscore/v1/FilterHostsResponse.js';
import type { PolicyUnit__Output } from '../gen/hostscore/v1/PolicyUnit.js';
import type { ScoreHostsResponse__Output } from '../gen/hostscore/v1/ScoreHostsResponse.js';
import type { ScoreUnitResult__Output } from '../gen/hostscore/v1/ScoreUnitResult.js';
import { quoted } from '../lib/text.js';
import { isLowerCaseUuid } from '../lib/uuid.js';

/*
 * The rules of the contract for one answer, as far as they show in the answer, its request and the listing of the service.
 * Unlike domain/check-answer, which stops where an answer can't be used, these name everything that is wrong.
 */

/** Called with each field that breaks the contract, and the rule that it breaks. */
export type Report = (field: string, rule: string) => void;

/** A request, as far as the rules of its answer depend on it, and who answers. */
export interface Asked {
  /** Hosts asked for, in lower case and each once. */
  readonly hosts: readonly string[] | 'ALL_UP';
  /** Units asked for, with their weights; empty for all. */
  readonly units: readonly { readonly name: string; readonly weight: number }[];
  readonly explain: boolean;
  /** Units that the service lists for this method, by name. */
  readonly listed: ReadonlyMap<string, PolicyUnit__Output>;
  /** True when the service says that it has an inventory. */
  readonly hasInventory: boolean;
  /** True when the fields that a service may leave out are demanded too. */
  readonly complete: boolean;
}

const DIRECTIONS: ReadonlyMap<unknown, Direction> = new Map([
  ['DIRECTION_HIGHER_IS_BETTER', 'HIGHER_IS_BETTER'],
  ['DIRECTION_LOWER_IS_BETTER', 'LOWER_IS_BETTER'],
]);

/** Rule of a text that may not be empty. */
export const MUST_BE_SET = 'MUST be set, got nothing';

/** Checks scores. */
export function checkScores(answer: ScoreHostsResponse__Output, asked: Asked, report: Report): void {
  const { scores, unit_results, unknown_host_ids } = answer;
  checkIds(
    scores.map(({ host_id }) => host_id),
    'scores',
    '.host_id',
    asked.hosts,
    report,
  );
  checkIds(unknown_host_ids, 'unknown_host_ids', '', asked.hosts, report);
  if (unknown_host_ids.length > 0 && (asked.hosts === 'ALL_UP' || !asked.hasInventory)) {
    const reason = asked.hosts === 'ALL_UP' ? 'of all hosts' : 'of a service without an inventory';
    report('unknown_host_ids', `expected none ${reason}, got ${unknown_host_ids.length}`);
  }
  if (asked.hosts !== 'ALL_UP') {
    const ids = scores.map(({ host_id }) => host_id.toLowerCase());
    for (const host of asked.hosts) {
      const times = Number(ids.includes(host)) + Number(unknown_host_ids.includes(host));
      if (times === 0) report('scores', `each host of the request MUST appear; ${host} is missing`);
      if (times === 2) report('unknown_host_ids', `host ${host} MUST appear once, got it in scores too`);
    }
  }
  checkUnitNames(unit_results, asked, report);
  let isSound = true;
  for (const [place, result] of unit_results.entries()) {
    checkResult(result, place, asked, result.scores, report);
    if (!checkValues(result, place, scores.length, asked, report)) isSound = false;
  }
  if (isSound) checkSums(answer, asked, report);
  checkReasons(answer, asked, report);
  checkSnapshotTime(answer.snapshot_time, asked, report);
}

/** Checks filtered hosts. */
export function checkFiltered(answer: FilterHostsResponse__Output, asked: Asked, report: Report): void {
  const { host_ids, unit_results } = answer;
  checkIds(host_ids, 'host_ids', '', asked.hosts, report);
  checkUnitNames(unit_results, asked, report);
  for (const [place, result] of unit_results.entries()) {
    checkResult(result, place, asked, result.accepted, report);
    const field = `unit_results[${place}]`;
    const accepted = result.accepted?.host_ids ?? [];
    checkIds(accepted, `${field}.accepted.host_ids`, '', asked.hosts, report);
    const rejected = result.rejected.map(({ host_id }) => host_id);
    if (rejected.length > 0 && !asked.explain)
      report(`${field}.rejected`, 'only with `explain`, got some without');
    if (rejected.length > 0 && result.failure)
      report(`${field}.rejected`, 'only when the filter answered, got some of a failure');
    checkIds(rejected, `${field}.rejected`, '.host_id', asked.hosts, report, { anyOrder: true });
    for (const [index, { host_id, reason, host_name }] of result.rejected.entries()) {
      const part = `${field}.rejected[${index}]`;
      if (accepted.includes(host_id))
        report(`${part}.host_id`, `expected a host that is not accepted, got ${quoted(host_id)}`);
      if (reason === '') report(`${part}.reason`, MUST_BE_SET);
      if (asked.complete && host_name === undefined) report(`${part}.host_name`, DEMANDED);
    }
  }
  const answered = unit_results.flatMap(({ accepted }) =>
    accepted ? [new Set(accepted.host_ids.map((id) => id.toLowerCase()))] : [],
  );
  if (asked.hosts !== 'ALL_UP') {
    const expected = asked.hosts.filter((host) => answered.every((set) => set.has(host)));
    const got = host_ids.map((id) => id.toLowerCase());
    if (expected.join() !== got.join()) {
      report(
        'host_ids',
        `MUST agree with unit_results, by which they are [${expected.join(', ')}]; got [${got.join(', ')}]`,
      );
    }
  }
  checkSnapshotTime(answer.snapshot_time, asked, report);
}

/** Checks a proposed migration. */
export function checkMigration(
  { migration, explanation, snapshot_time }: BalanceHostsResponse__Output,
  asked: Asked,
  report: Report,
): void {
  if (explanation !== '' && !asked.explain) report('explanation', 'only with `explain`, got one without');
  if (explanation === '' && asked.explain && asked.complete) report('explanation', DEMANDED);
  checkSnapshotTime(snapshot_time, asked, report);
  if (!migration) return;
  if (asked.hosts.length === 0)
    report('migration', 'an empty list of hosts gets an empty answer, got a migration');
  if (!isLowerCaseUuid(migration.vm_id))
    report('migration.vm_id', `expected an id in lower case, got ${quoted(migration.vm_id)}`);
  const field = 'migration.candidate_host_ids';
  if (migration.candidate_host_ids.length === 0) report(field, 'MUST name at least one host, got none');
  checkIds(migration.candidate_host_ids, field, '', asked.hosts, report, { anyOrder: true });
}

const DEMANDED = 'may be missing, but --inventory demands it';

/** Checks a list of hosts: lower case, asked for, each once, in the order asked. */
function checkIds(
  ids: readonly string[],
  list: string,
  part: string,
  hosts: Asked['hosts'],
  report: Report,
  { anyOrder = false }: { readonly anyOrder?: boolean } = {},
): void {
  const seen = new Set<string>();
  let last = -1;
  for (const [place, id] of ids.entries()) {
    const field = `${list}[${place}]${part}`;
    const index = hosts === 'ALL_UP' ? place : hosts.indexOf(id);
    if (!isLowerCaseUuid(id)) report(field, `expected an id in lower case, got ${quoted(id)}`);
    else if (seen.has(id)) report(field, `expected each host once, got ${id} again`);
    else if (index < 0) report(field, `expected a host of the request, got ${id}`);
    else if (index < last && !anyOrder) report(field, `expected the order asked, got ${id} too late`);
    seen.add(id);
    last = Math.max(last, index);
  }
}

/** Checks that there is one result for each unit. */
function checkUnitNames(
  results: readonly { readonly unit: string }[],
  { units, listed }: Asked,
  report: Report,
): void {
  if (units.length === 0) {
    const names = results.map(({ unit }) => unit);
    for (const name of listed.keys()) {
      if (!names.includes(name))
        report('unit_results', `a request without units gets one of each unit; ${quoted(name)} is missing`);
    }
    for (const [place, name] of names.entries()) {
      const field = `unit_results[${place}].unit`;
      if (!listed.has(name)) report(field, `expected a unit that the service lists, got ${quoted(name)}`);
      if (names.indexOf(name) < place) report(field, `expected each unit once, got ${quoted(name)} again`);
    }
    return;
  }
  for (let place = 0; place < Math.max(units.length, results.length); place++) {
    const expected = units[place]?.name;
    const got = results[place]?.unit;
    if (expected === got) continue;
    const wanted = expected === undefined ? 'no further unit' : quoted(expected);
    report(
      `unit_results[${place}].unit`,
      `expected ${wanted}, as asked, got ${got === undefined ? 'none' : quoted(got)}`,
    );
  }
}

/** Checks that a unit has a value or a failure, and that a unit that the service does not list fails with NOT_FOUND. */
function checkResult(
  { unit, failure }: { readonly unit: string; readonly failure?: Failure__Output | null },
  place: number,
  { listed }: Asked,
  value: object | null | undefined,
  report: Report,
): void {
  const field = `unit_results[${place}]`;
  if (!failure && !value) report(`${field}.outcome`, 'MUST be set to a value or a failure, got neither');
  if (failure) checkFailure(failure, `${field}.failure`, report);
  if (listed.has(unit)) return;
  const code = failure?.code ?? 'a value';
  if (code !== 'FAILURE_CODE_NOT_FOUND') {
    report(
      `${field}.failure.code`,
      `expected FAILURE_CODE_NOT_FOUND of a unit that the service does not list, got ${code}`,
    );
  } else if (failure?.not_found === 'NOT_FOUND_SUBJECT_VM') {
    report(
      `${field}.failure.not_found`,
      'expected NOT_FOUND_SUBJECT_UNIT, since the unit is missing, got NOT_FOUND_SUBJECT_VM',
    );
  }
}

function checkFailure({ code, not_found }: Failure__Output, field: string, report: Report): void {
  if (code === 'FAILURE_CODE_UNSPECIFIED' || typeof code === 'number') {
    report(`${field}.code`, `MUST be set to a code of the contract, got ${code}`);
  } else if (code !== 'FAILURE_CODE_NOT_FOUND' && not_found !== 'NOT_FOUND_SUBJECT_UNSPECIFIED') {
    report(`${field}.not_found`, `only with FAILURE_CODE_NOT_FOUND, got ${not_found} with ${code}`);
  }
}

/** Checks the values of a score unit; returns whether they can be summed up. */
function checkValues(
  { unit, scores, direction }: ScoreUnitResult__Output,
  place: number,
  hosts: number,
  { listed, complete }: Asked,
  report: Report,
): boolean {
  if (!scores) return true;
  const field = `unit_results[${place}]`;
  const declared = listed.get(unit)?.direction;
  if (direction === 'DIRECTION_UNSPECIFIED') {
    if (complete) report(`${field}.direction`, DEMANDED);
  } else if (declared !== undefined && direction !== declared) {
    report(`${field}.direction`, `expected ${declared}, as ListPolicyUnits has it, got ${direction}`);
  }
  const { values } = scores;
  if (values.length !== hosts) {
    report(
      `${field}.scores.values`,
      `MUST have one value for each of the ${hosts} scores, got ${values.length}`,
    );
  }
  const isScoreUnit = directionOf(direction, declared) !== 'LOWER_IS_BETTER';
  let isSound = values.length === hosts;
  for (const [index, value] of values.entries()) {
    if (!isScoreUnit || isScore(value)) continue;
    isSound = false;
    report(
      `${field}.scores.values[${index}]`,
      `expected an integer from ${MIN_SCORE} to ${MAX_SCORE} of a unit of which the highest is best, got ${value}`,
    );
  }
  return isSound;
}

function directionOf(sent: unknown, declared: unknown): Direction | undefined {
  return DIRECTIONS.get(sent) ?? DIRECTIONS.get(declared);
}

/** Checks the sums that are sent against the values. */
function checkSums({ scores, unit_results }: ScoreHostsResponse__Output, asked: Asked, report: Report): void {
  const weightOf = (name: string) =>
    asked.units.length === 0 ? 1 : (asked.units.find((unit) => unit.name === name)?.weight ?? 0);
  const results = unit_results.map((result): ScoreUnitResult => {
    const direction =
      directionOf(result.direction, asked.listed.get(result.unit)?.direction) ?? 'HIGHER_IS_BETTER';
    const value = result.scores?.values;
    return value === undefined
      ? { unit: result.unit, failure: { code: 'INTERNAL', message: '' } }
      : { unit: result.unit, value, direction };
  });
  const weights = unit_results.map(({ unit }) => ({ name: unit, weight: weightOf(unit) }));
  const sums = sumScores(results, weights, scores.length);
  for (const [place, { score }] of scores.entries()) {
    const field = `scores[${place}].score`;
    if (score === undefined) {
      if (asked.complete) report(field, DEMANDED);
    } else if (score !== sums[place]) {
      report(
        field,
        `expected ${sums[place]}, the sum over the answering units of weight x score, got ${score}`,
      );
    }
  }
}

/** Checks names and reasons. */
function checkReasons(
  { scores, unit_results }: ScoreHostsResponse__Output,
  asked: Asked,
  report: Report,
): void {
  const answered = unit_results.filter(({ scores: values }) => values).map(({ unit }) => unit);
  for (const [place, { host_name, reasons }] of scores.entries()) {
    const field = `scores[${place}]`;
    if (!asked.explain) {
      if (host_name !== undefined) report(`${field}.host_name`, 'only with `explain`, got one without');
      if (reasons.length > 0) report(`${field}.reasons`, 'only with `explain`, got some without');
      continue;
    }
    if (asked.complete && host_name === undefined) report(`${field}.host_name`, DEMANDED);
    if (asked.complete && reasons.length < answered.length)
      report(`${field}.reasons`, `${DEMANDED}, one of each unit that answered`);
    let last = -1;
    for (const [index, { unit, text }] of reasons.entries()) {
      const part = `${field}.reasons[${index}]`;
      const at = answered.indexOf(unit);
      if (at <= last)
        report(
          `${part}.unit`,
          `expected units that answered, each once and in their order, got ${quoted(unit)}`,
        );
      if (text === '') report(`${part}.text`, MUST_BE_SET);
      last = Math.max(last, at);
    }
  }
}

/** Nanoseconds that a second has. */
const SECOND_NS = 1_000_000_000;

function checkSnapshotTime(
  time: Timestamp__Output | null,
  { hasInventory, complete }: Asked,
  report: Report,
): void {
  const field = 'snapshot_time';
  if (time === null) {
    if (complete) report(field, DEMANDED);
    return;
  }
  if (!hasInventory)
    report(field, 'a service without an inventory leaves it out, got one; or has_inventory should be true');
  if (time.nanos < 0 || time.nanos >= SECOND_NS || time.seconds <= 0) {
    report(field, `expected a time, got ${time.seconds} s ${time.nanos} ns`);
  }
}
