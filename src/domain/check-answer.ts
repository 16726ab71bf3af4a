import { isLowerCaseUuid } from '../lib/uuid.js';
import { MAX_TEXT_LENGTH, quoted } from '../lib/text.js';
import {
  isScore,
  MAX_INT32,
  MAX_SCORE,
  MIN_SCORE,
  type BalanceHostsResponse,
  type Direction,
  type FilterHostsResponse,
  type FilterUnitResult,
  type PolicyUnit,
  type PolicyUnitList,
  type ScoreHostsResponse,
  type ScoreUnitResult,
  type UnitFailure,
  type UnitProblem,
  type UnitProperty,
} from './contract.js';
import { contractViolation, failureOf, type SchedulingError } from './errors.js';
import type { HostList } from './host-list.js';

/** Longest name of a unit, in characters: the engine has a varchar(128) (packaging/dbscripts/create_tables.sql). */
export const MAX_UNIT_NAME_LENGTH = 128;

/** Most units that one service may list: more than an administrator could choose from. */
export const MAX_LISTED_UNITS = 1000;

/** Most properties of one unit: an administrator sees all of them in one form. */
export const MAX_UNIT_PROPERTIES = 100;

/** Most problems of one listing that are kept: nobody reads more. */
export const MAX_LISTED_PROBLEMS = 100;

/** Keys of properties that the engine accepts (CustomPropertiesUtils.VALIDATION_STR). */
export const PROPERTY_NAME = /^[a-zA-Z0-9_]+$/;

/** A requested score unit, by its name at the service. */
export interface AskedScoreUnit {
  readonly name: string;
  /** Direction in the service's listing. If it is unknown here and in the answer, any integers are valid. */
  readonly direction?: Direction | undefined;
}

/** The hosts and score units of a request. */
export interface AskedScores {
  readonly hosts: HostList | 'ALL_UP';
  /** In the order asked; empty for all units of the service. */
  readonly units: readonly AskedScoreUnit[];
  /** Prefix of the failure of a single unit. */
  readonly service?: string;
}

/** The hosts and filters of a request. */
export interface AskedFilters {
  readonly hosts: HostList;
  /** In the order asked; empty for all filters of the service. */
  readonly units: readonly string[];
  /** Prefix of the failure of a single filter. */
  readonly service?: string;
}

/**
 * Checks the scores of a service's answer. Throws INTERNAL, naming the field, for missing, duplicate or unexpected hosts or
 * units, a wrong order, or a wrong number of values: nothing in such an answer is reliable. A unit with a value out of range
 * fails alone. Ignores sums, which are computed from the values. Returns a valid answer as it is.
 */
export function checkScores(
  response: ScoreHostsResponse,
  { hosts, units, service }: AskedScores,
): ScoreHostsResponse {
  const { scores, unitResults } = response;
  checkUnits(unitResults, units.length, (place) => units[place]?.name);
  if (hosts === 'ALL_UP') checkUpHosts(response);
  else checkHosts(response, hosts);
  checkSnapshotTime(response);
  const checked = unitResults.map((result, place) =>
    checkValues(result, place, scores.length, units[place]?.direction, service),
  );
  return checked.every((result, place) => result === unitResults[place])
    ? response
    : { ...response, unitResults: checked };
}

/**
 * Checks the hosts that a service's filters accepted, and sorts them into the order asked. Throws INTERNAL, naming the
 * field, for missing, duplicate or unexpected units. A filter with a duplicate or unexpected host fails alone. Ignores the
 * combined result of the filters.
 */
export function checkAcceptedHosts(
  response: FilterHostsResponse,
  { hosts, units, service }: AskedFilters,
): FilterHostsResponse {
  const { unitResults } = response;
  checkUnits(unitResults, units.length, (place) => units[place]);
  checkSnapshotTime(response);
  const checked = unitResults.map((result, place) => checkFilter(result, place, hosts, service));
  return checked.every((result, place) => result === unitResults[place])
    ? response
    : { ...response, unitResults: checked };
}

/** Checks the migration that a service proposed. Throws INTERNAL for one without a VM or hosts, or with unexpected hosts. */
export function checkMigration(response: BalanceHostsResponse, hosts: HostList): BalanceHostsResponse {
  const { migration } = response;
  checkSnapshotTime(response);
  if (migration === undefined) return response;
  const { vmId, candidateHostIds } = migration;
  if (!isLowerCaseUuid(vmId)) {
    throw violation('migration.vm_id', `expected the id of a VM, got ${quoted(vmId)}`);
  }
  const field = 'migration.candidate_host_ids';
  if (candidateHostIds.length === 0) throw violation(field, 'expected at least one host, got none');
  const marks = new Uint8Array(hosts.ids.length);
  const stray = markHosts(candidateHostIds, hosts, marks);
  if (stray !== undefined) throw violation(field, stray);
  return response;
}

/** A listing that was checked. */
export interface CheckedUnitList extends PolicyUnitList {
  /** Units and properties that were left out; they come first among the problems, too. */
  readonly faults: readonly UnitProblem[];
}

/**
 * Checks the units that a service lists. Leaves out a unit with an invalid name, a duplicate, a score unit without a
 * direction, and units beyond {@link MAX_LISTED_UNITS}; of a unit, properties that the engine would reject.
 */
export function checkUnitList(list: PolicyUnitList): CheckedUnitList {
  const { units, problems } = list;
  const faults: UnitProblem[] = [];
  const seen = new Set<string>();
  const taken: PolicyUnit[] = [];
  for (const unit of units.slice(0, MAX_LISTED_UNITS)) {
    const source = `${unit.type} unit ${quoted(unit.name)}`;
    const identity = `${unit.type} ${unit.name}`;
    const fault = seen.has(identity) ? 'name: it is listed twice' : unitFault(unit);
    if (fault !== undefined) {
      faults.push({ source, reason: `left out: ${fault}` });
      continue;
    }
    seen.add(identity);
    const wrong = propertyFaults(unit.properties);
    for (const reason of wrong.values()) faults.push({ source, reason: `property left out: ${reason}` });
    const properties = unit.properties.filter((property) => !wrong.has(property));
    taken.push(wrong.size === 0 ? unit : { ...unit, properties });
  }
  if (units.length > MAX_LISTED_UNITS) {
    const reason = `${units.length} units, of which the first ${MAX_LISTED_UNITS} are taken`;
    faults.unshift({ source: 'policy_units', reason });
  }
  const told = faults.slice(0, MAX_LISTED_PROBLEMS);
  return {
    ...list,
    units: taken,
    problems: [...told, ...problems].slice(0, MAX_LISTED_PROBLEMS),
    faults: told,
  };
}

function unitFault({ type, name, direction }: PolicyUnit): string | undefined {
  if (name.length < 1 || name.length > MAX_UNIT_NAME_LENGTH) {
    return `name: expected 1 to ${MAX_UNIT_NAME_LENGTH} characters, got ${quoted(name)}`;
  }
  if (type === 'SCORE' && direction === undefined) {
    return 'direction: expected HIGHER_IS_BETTER or LOWER_IS_BETTER for a score unit, got none';
  }
  return undefined;
}

/** Returns what is wrong with properties, by property. */
function propertyFaults(properties: readonly UnitProperty[]): ReadonlyMap<UnitProperty, string> {
  const names = new Set<string>();
  const faults = new Map<UnitProperty, string>();
  for (const [place, property] of properties.entries()) {
    const fault = names.has(property.name) ? 'listed twice' : propertyFault(property, place);
    if (fault === undefined) names.add(property.name);
    else faults.set(property, `${quoted(property.name)}: ${fault}`);
  }
  return faults;
}

function propertyFault({ name, pattern, defaultValue }: UnitProperty, place: number): string | undefined {
  if (place >= MAX_UNIT_PROPERTIES) return `a unit has at most ${MAX_UNIT_PROPERTIES} properties`;
  if (!PROPERTY_NAME.test(name)) return 'name: expected letters, digits and underscores';
  if (name.length > MAX_UNIT_NAME_LENGTH)
    return `name: expected at most ${MAX_UNIT_NAME_LENGTH} characters, got ${name.length}`;
  if (pattern.includes(';'))
    return `pattern: expected no semicolon, at which the engine splits, got ${quoted(pattern)}`;
  const isLong = Math.max(pattern.length, defaultValue.length) > MAX_TEXT_LENGTH;
  return isLong ? `pattern, default_value: expected at most ${MAX_TEXT_LENGTH} characters` : undefined;
}

/** Checks that the results are of the requested units, in order; for a request without units, of any, each once. */
function checkUnits(
  results: readonly { readonly unit: string }[],
  asked: number,
  nameAt: (place: number) => string | undefined,
): void {
  if (asked === 0) {
    const names = new Set(results.map(({ unit }) => unit));
    if (names.size < results.length) throw violation('unit_results', 'duplicate unit');
    return;
  }
  for (let place = 0; place < Math.max(results.length, asked); place++) {
    const got = results[place]?.unit;
    const expected = nameAt(place);
    if (got === expected) continue;
    throw violation(
      `unit_results[${place}].unit`,
      `expected ${expected === undefined ? 'no further unit' : quoted(expected)}, got ${got === undefined ? 'none' : quoted(got)}`,
    );
  }
}

function checkHosts({ scores, unknownHostIds }: ScoreHostsResponse, { ids }: HostList): void {
  let scored = 0;
  let unknown = 0;
  for (const id of ids) {
    if (scores[scored]?.hostId === id) scored++;
    else if (unknownHostIds[unknown] === id) unknown++;
    else throw violation('scores', `host ${id} is missing, or not in the order asked`);
  }
  const extra = scores[scored]?.hostId ?? unknownHostIds[unknown];
  if (extra !== undefined) {
    throw violation('scores', `unexpected or duplicate host ${quoted(extra)}`);
  }
}

function checkUpHosts({ scores, unknownHostIds }: ScoreHostsResponse): void {
  const seen = new Set<string>();
  for (const { hostId } of scores) {
    if (!isLowerCaseUuid(hostId))
      throw violation('scores', `expected the id of a host, got ${quoted(hostId)}`);
    if (seen.has(hostId)) throw violation('scores', `duplicate host ${hostId}`);
    seen.add(hostId);
  }
  if (unknownHostIds.length > 0) throw violation('unknown_host_ids', 'no host was asked for by its id');
}

function checkSnapshotTime({ snapshotTime }: { readonly snapshotTime?: number }): void {
  if (snapshotTime === undefined || Number.isFinite(snapshotTime)) return;
  throw violation('snapshot_time', `expected a time, got ${String(snapshotTime)}`);
}

function checkValues(
  result: ScoreUnitResult,
  place: number,
  hosts: number,
  listed: Direction | undefined,
  service: string | undefined,
): ScoreUnitResult {
  if (result.failure !== undefined) return result;
  const { unit, value: values, direction = listed } = result;
  const field = `unit_results[${place}]`;
  checkList(values, field);
  if (values.length !== hosts) {
    throw violation(`${field}.scores`, `expected ${hosts} values, one for each host, got ${values.length}`);
  }
  const isBounded = direction === 'HIGHER_IS_BETTER';
  const wrong = values.findIndex(isBounded ? isNoScore : isNoInt32);
  if (wrong < 0) return result;
  const expected = isBounded ? `an integer from ${MIN_SCORE} to ${MAX_SCORE}` : 'an integer of 32 bits';
  const problem = `expected ${expected}, got ${String(values[wrong])}`;
  return { unit, failure: failureOfUnit(violation(`${field}.scores.values[${wrong}]`, problem), service) };
}

function isNoScore(value: number): boolean {
  return !isScore(value);
}

function isNoInt32(value: number): boolean {
  return !Number.isInteger(value) || value > MAX_INT32 || value < -MAX_INT32 - 1;
}

function checkFilter(
  result: FilterUnitResult,
  place: number,
  hosts: HostList,
  service: string | undefined,
): FilterUnitResult {
  if (result.failure !== undefined) return result;
  const { unit, value: accepted, rejections } = result;
  const field = `unit_results[${place}]`;
  checkList(accepted, field);
  const inOrder = standsInOrder(accepted, hosts);
  if (inOrder && rejections === undefined) return result;
  const fail = (part: string, problem: string): FilterUnitResult => ({
    unit,
    failure: failureOfUnit(violation(`${field}.${part}`, problem), service),
  });
  const marks = new Uint8Array(hosts.ids.length);
  const stray = markHosts(accepted, hosts, marks);
  if (stray !== undefined) return fail('accepted.host_ids', stray);
  const value = inOrder ? accepted : hosts.ids.filter((_, host) => marks[host] === 1);
  const rejected = rejections?.map(({ hostId }) => hostId) ?? [];
  const wrong = markHosts(rejected, hosts, marks);
  if (wrong !== undefined) return fail('rejected', wrong);
  return inOrder ? result : { ...result, value };
}

/** Marks the index of each host. Returns the problem of the first unexpected or already marked one. */
function markHosts(ids: readonly string[], hosts: HostList, marks: Uint8Array): string | undefined {
  for (const id of ids) {
    const place = hosts.placeOf(id);
    if (place === undefined) return `${quoted(id)} was not asked for`;
    if (marks[place] === 1) return `duplicate host ${id}`;
    marks[place] = 1;
  }
  return undefined;
}

/** Reports whether the ids are some of the requested ones, in the same order and each once. */
function standsInOrder(accepted: readonly string[], { ids }: HostList): boolean {
  let next = 0;
  for (let place = 0; place < ids.length && next < accepted.length; place++) {
    if (ids[place] === accepted[next]) next++;
  }
  return next === accepted.length;
}

/** Checks that a unit without a failure has a list of values: a service in this process is not validated by a schema. */
function checkList(values: unknown, field: string): void {
  if (!Array.isArray(values)) throw violation(field, 'expected a list of values or a failure, got neither');
}

function violation(field: string, problem: string): SchedulingError {
  return contractViolation(`${field}: ${problem}`);
}

function failureOfUnit(error: SchedulingError, service: string | undefined): UnitFailure {
  const failure = failureOf(error);
  return service === undefined ? failure : { ...failure, message: `${service}: ${failure.message}` };
}
