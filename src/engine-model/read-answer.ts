import type { PolicyUnitType } from '../domain/contract.js';
import { quoted } from '../lib/text.js';
import {
  castToArray,
  castToGuid,
  castToInteger,
  castToStruct,
  castToText,
  EngineException,
  inWords,
  readAsEngine,
  resultOf,
  type AnswerPart,
  type EngineReading,
} from './reading.js';
import type { BookedCost } from './selectors.js';
import { isArray, isStruct, typeNameOf, type XmlRpcValue } from './value.js';

/** The engine's request. Ids are UUIDs in lower case. */
export interface Asked {
  readonly hostIds: readonly string[];
  readonly units: readonly string[];
}

/** The hosts after runFilters. */
export interface FilterOutcome {
  /** In the order asked. */
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
}

/** The costs that the engine books after runCostFunctions. */
export interface CostOutcome {
  readonly costs: readonly BookedCost[];
}

/** The migration that the engine starts after runLoadBalancing. */
export interface BalanceOutcome {
  /** Absent when there is nothing to do. */
  readonly migration?: { readonly vmId: string; readonly candidateHostIds: readonly string[] };
}

/** Consequence of an exception that escapes SchedulingManager.schedule(). */
const VM_DOES_NOT_START = 'nothing catches it, so the VM does not start or migrate';

/** Consequence of an exception in SchedulingManager.performLoadBalancing(). */
const BALANCING_ENDS = 'this minute no further cluster is balanced';

/** Highest cost that stays far from overflowing a Java int once multiplied by factors and summed over VMs. */
const SAFE_COST = 1_000_000;

/** Reads an answer of runFilters as the engine does. */
export function readFilterAnswer(answer: XmlRpcValue, asked: Asked): EngineReading<FilterOutcome> {
  return readAsEngine(VM_DOES_NOT_START, (into, complain) => {
    const { result, events } = resultOf(answer, into, complain);
    const accepted = new Set<string>();
    if (result == null) complain('the result is nil or missing: a nil filter result rejects every host');
    else readHosts(castToArray(result, 'result'), accepted, asked, complain);
    if (isArray(result) && result.length === 0 && events.length > 0) {
      complain('the result is empty because of errors: an empty filter result rejects every host');
    }
    return {
      accepted: asked.hostIds.filter((id) => accepted.has(id)),
      rejected: asked.hostIds.filter((id) => !accepted.has(id)),
    };
  });
}

/** Reads an answer of runCostFunctions as the engine does. */
export function readCostAnswer(answer: XmlRpcValue, asked: Asked): EngineReading<CostOutcome> {
  return readAsEngine(VM_DOES_NOT_START, (into, complain) => {
    const { result, events } = resultOf(answer, into, complain);
    if (result == null) {
      complain('the result is nil or missing: the engine goes on as if no cost function had been asked');
      return { costs: [] };
    }
    const costs = readRows(castToArray(result, 'result'), asked, complain);
    complainOfRows(costs, asked, complain);
    for (const unit of asked.units) {
      const isThere = costs.some((booked) => booked.unit === unit || booked.unit === undefined);
      if (!isThere && !events.some((event) => event.startsWith(`${unit}: `))) {
        complain(`unit ${quoted(unit)} has neither rows nor an error: it is dropped and nobody is told`);
      }
    }
    return { costs };
  });
}

/** Reads an answer of runLoadBalancing as the engine does. */
export function readBalanceAnswer(answer: XmlRpcValue, asked: Asked): EngineReading<BalanceOutcome> {
  return readAsEngine(BALANCING_ENDS, (into, complain) => {
    const { result } = resultOf(answer, into, complain);
    if (result == null) {
      complain(
        "the result is nil or missing: a balance answer always has two elements, and ['', []] is nothing to do",
      );
      return {};
    }
    const [vm, hosts] = castToArray(result, 'result');
    if (hosts === undefined) {
      throw new EngineException(
        'ArrayIndexOutOfBoundsException: the result has fewer than two elements, and a balance answer always has two',
      );
    }
    const candidates = new Set<string>();
    readHosts(castToArray(hosts, 'the list of hosts'), candidates, asked, complain);
    if (castToText(vm, 'the id of the VM') === '') {
      if (candidates.size > 0) complain('there are hosts to go to but no VM: the engine does nothing');
      return {};
    }
    if (candidates.size === 0) complain('there is a VM but no host to which it may go');
    return { migration: { vmId: castToGuid(vm, 'the id of the VM'), candidateHostIds: [...candidates] } };
  });
}

function readHosts(
  ids: readonly XmlRpcValue[],
  into: Set<string>,
  { hostIds }: Asked,
  complain: AnswerPart['complain'],
): void {
  const known = new Set(hostIds);
  for (const [index, value] of ids.entries()) {
    const id = castToGuid(value, `element ${index} of the hosts`);
    if (into.has(id)) complain(`duplicate host ${id}`);
    if (!known.has(id)) complain(`host ${id} was not asked about`);
    into.add(id);
  }
}

/** Reads rows up to the first malformed one, where the engine stops and keeps what it has. */
function readRows(
  rows: readonly XmlRpcValue[],
  { units }: Asked,
  complain: AnswerPart['complain'],
): BookedCost[] {
  const known = new Set(units);
  const costs: BookedCost[] = [];
  for (const [index, row] of rows.entries()) {
    if (!isArray(row) || row.length < 2 || row.length > 3) {
      const shape = isArray(row) ? `has ${row.length} elements` : `is ${inWords(row)}`;
      complain(
        `row ${index} ${shape}: the engine stops reading there, and ${rows.length - index} rows are lost`,
      );
      return costs;
    }
    const name = row.length === 3 ? castToText(row[2], `the unit in row ${index}`) : undefined;
    const hostId = castToGuid(row[0], `the host in row ${index}`);
    const cost = castToInteger(row[1], `the cost in row ${index}`);
    if (name !== undefined && !known.has(name)) {
      complain(
        `row ${index} names unit ${quoted(name)}, which was not asked for: it is booked under no unit, with factor 1`,
      );
    }
    costs.push({ hostId, cost, unit: name !== undefined && known.has(name) ? name : undefined });
  }
  return costs;
}

function complainOfRows(
  costs: readonly BookedCost[],
  { hostIds }: Asked,
  complain: AnswerPart['complain'],
): void {
  const known = new Set(hostIds);
  const hostsByUnit = new Map<string | undefined, Set<string>>();
  for (const { unit, hostId, cost } of costs) {
    const of = `of ${unit === undefined ? 'no unit' : `unit ${quoted(unit)}`}`;
    const hosts = hostsByUnit.get(unit) ?? new Set<string>();
    hostsByUnit.set(unit, hosts);
    if (hosts.has(hostId)) {
      complain(
        `duplicate host ${hostId} in the rows ${of}: the engine adds up its costs, or takes the last before 4.4.0`,
      );
    }
    if (!known.has(hostId)) {
      complain(`host ${hostId} in the rows ${of} was not asked about: the engine may pick it all the same`);
    }
    if (Math.abs(cost) > SAFE_COST) {
      complain(
        `the cost ${cost} of host ${hostId} is far from 0: sums of factor x cost may overflow a Java int`,
      );
    }
    hosts.add(hostId);
  }
  for (const [unit, hosts] of hostsByUnit) {
    for (const id of hostIds) {
      if (hosts.has(id)) continue;
      const of = unit === undefined ? 'under no unit' : `of unit ${quoted(unit)}`;
      complain(`host ${id} is missing from the rows ${of}: the engine gives it cost 0, the best there is`);
    }
  }
  if (hostsByUnit.size > 1 && hostsByUnit.has(undefined)) {
    complain('some rows name a unit and some do not: factors are honored for the former only');
  }
}

/** A unit that the engine enables. */
export interface DiscoveredUnit {
  readonly type: PolicyUnitType;
  readonly name: string;
  readonly description: string;
  /** `key=regex;key2=regex`, or ''. */
  readonly properties: string;
}

/** The units that the engine enables after discover. */
export interface DiscoverOutcome {
  /** Every other external unit stays disabled until the engine restarts. */
  readonly enabled: readonly DiscoveredUnit[];
}

const TYPES: ReadonlyMap<string, PolicyUnitType> = new Map([
  ['filters', 'FILTER'],
  ['scores', 'SCORE'],
  ['balance', 'BALANCE'],
]);

/** Longest name that the engine's database takes: varchar(128). */
const MAX_NAME_LENGTH = 128;

/** One property as the engine accepts it (CustomPropertiesUtils.VALIDATION_STR). */
const PROPERTY = /^[a-zA-Z0-9_]+=[^;]*$/s;

/** Reads an answer of discover as the engine does (ExternalSchedulerDiscoveryResult.populate). */
export function readDiscoverAnswer(answer: XmlRpcValue): EngineReading<DiscoverOutcome> {
  const consequence =
    'the whole answer is lost, and every external unit stays disabled until the engine starts again';
  return readAsEngine(consequence, (_, complain) => {
    if (!isStruct(answer)) {
      throw new EngineException(
        `malformed: the answer is of type ${typeNameOf(answer)}, where the engine needs a struct`,
      );
    }
    const enabled: DiscoveredUnit[] = [];
    for (const [key, ofKey] of answer) {
      const type = TYPES.get(key);
      if (type === undefined) {
        throw new EngineException(
          `unknown type: ${quoted(key)}; the engine takes filters, scores and balance only`,
        );
      }
      for (const [name, entry] of castToStruct(ofKey, key)) {
        const parts = castToArray(entry, `the entry of ${quoted(name)} in ${key}`);
        if (parts.length < 2) {
          throw new EngineException(
            `ArrayIndexOutOfBoundsException: the entry of ${quoted(name)} in ${key} has fewer than two elements`,
          );
        }
        const [description, properties] = parts;
        const regex = castToText(properties, `the regex of ${quoted(name)} in ${key}`);
        if (!isPropertiesRegex(regex)) {
          complain(
            `${key}: the engine skips ${quoted(name)}, since its properties are no key=regex;key2=regex: ${quoted(regex)}`,
          );
          continue;
        }
        if (name === '') complain(`${key}: a unit without a name`);
        if (name.length > MAX_NAME_LENGTH) {
          complain(
            `${key}: the name ${quoted(name)} is longer than the ${MAX_NAME_LENGTH} characters of the engine's database`,
          );
        }
        enabled.push({
          type,
          name,
          description: castToText(description, `the description of ${quoted(name)} in ${key}`),
          properties: regex,
        });
      }
    }
    if (enabled.length === 0)
      complain('no unit is left: the engine disables every external unit until it starts again');
    return { enabled };
  });
}

function isPropertiesRegex(text: string): boolean {
  if (text === '') return true;
  const parts = text.split(';');
  if (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts.every((part) => PROPERTY.test(part));
}
