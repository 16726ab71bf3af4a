import { MAX_INT32 } from '../domain/contract.js';
import { isArray, isStruct, typeNameOf, type XmlRpcValue } from '../engine-model/value.js';
import { quoted } from '../lib/text.js';
import { parseUuid } from '../lib/uuid.js';
import { FAULT_CODES, XmlRpcFault } from './xml-rpc/fault.js';
import { flatCopy } from './xml-rpc/reader.js';

/** Most units in one call, the limit of a scoring service. */
export const MAX_UNITS = 128;

/** Longest name of a unit, in characters: the limit of the engine's database. */
export const MAX_UNIT_NAME_LENGTH = 128;

/** Most properties in one call, the limit of a scoring service. */
export const MAX_PROPERTIES = 128;

/** Longest key of a property, in characters: the limit of a scoring service. */
export const MAX_PROPERTY_KEY_LENGTH = 128;

/** Longest value of a property, in characters: the limit of a scoring service. */
export const MAX_PROPERTY_VALUE_LENGTH = 1024;

/** Names of the arguments in faults. */
const NAMES = {
  runFilters: ['filterNames', 'hostIds', 'vmId', 'properties'],
  runCostFunctions: ['functions', 'hostIds', 'vmId', 'properties'],
  runLoadBalancing: ['balancerName', 'hostIds', 'properties'],
} as const;

/** The hosts of an engine's call, each once, in the order asked. */
export interface AskedHosts {
  /** Ids in lower case, for services. */
  readonly ids: readonly string[];
  /** The engine's spelling of each id, for its answer; aligned with `ids`. */
  readonly texts: readonly string[];
}

/** Arguments of runFilters, without duplicate filters. */
export interface FilterArguments {
  readonly filters: readonly string[];
  readonly hosts: AskedHosts;
  /** UUID in lower case. */
  readonly vmId: string;
  readonly properties: ReadonlyMap<string, string>;
}

/** Arguments of runCostFunctions. */
export interface CostArguments extends Omit<FilterArguments, 'filters'> {
  /** Factors by name; those of a duplicate function are summed. */
  readonly functions: ReadonlyMap<string, number>;
}

/** Arguments of runLoadBalancing. */
export interface BalanceArguments extends Omit<FilterArguments, 'filters' | 'vmId'> {
  readonly balancer: string;
}

/** A reader of the arguments of the engine's calls. Throws an invalidArguments fault that names the argument. */
export interface ArgumentReader {
  readonly filters: (params: readonly XmlRpcValue[]) => FilterArguments;
  readonly costs: (params: readonly XmlRpcValue[]) => CostArguments;
  readonly balance: (params: readonly XmlRpcValue[]) => BalanceArguments;
}

/** Creates a reader that accepts up to that many host ids in one call. */
export function createArgumentReader(maxHostIds: number): ArgumentReader {
  const readHosts = createHostReader(maxHostIds);
  return {
    filters(params) {
      const at = argumentsOf('runFilters', params, NAMES.runFilters);
      return {
        filters: readFilterNames(...at(0)),
        hosts: readHosts(...at(1)),
        vmId: readUuid(...at(2)),
        properties: readProperties(...at(3)),
      };
    },
    costs(params) {
      const at = argumentsOf('runCostFunctions', params, NAMES.runCostFunctions);
      return {
        functions: readFunctions(...at(0)),
        hosts: readHosts(...at(1)),
        vmId: readUuid(...at(2)),
        properties: readProperties(...at(3)),
      };
    },
    balance(params) {
      const at = argumentsOf('runLoadBalancing', params, NAMES.runLoadBalancing);
      return {
        balancer: readName(...at(0)),
        hosts: readHosts(...at(1)),
        properties: readProperties(...at(2)),
      };
    },
  };
}

/**
 * Checks the number of arguments. Returns a function that gives an argument and its description for faults. Throws a fault
 * for a missing or superfluous one.
 */
export function argumentsOf(
  method: string,
  params: readonly XmlRpcValue[],
  names: readonly string[],
): (index: number) => readonly [value: XmlRpcValue, at: string] {
  const count = `${names.length} arguments${names.length > 0 ? ` (${names.join(', ')})` : ''}`;
  if (params.length > names.length) {
    throw invalid(
      `${method}: argument ${names.length + 1} is superfluous: expected ${count}, got ${params.length}`,
    );
  }
  return (index) => {
    const at = `${method}: argument ${index + 1}, ${String(names[index])}`;
    const value = params[index];
    if (value === undefined) throw invalid(`${at} is missing: expected ${count}, got ${params.length}`);
    return [value, at];
  };
}

/** Creates the fault for an argument of a wrong type. */
export function wrongType(at: string, expected: string, got: XmlRpcValue): XmlRpcFault {
  return wrongArgument(at, expected, typeNameOf(got));
}

function wrongArgument(at: string, expected: string, got: string): XmlRpcFault {
  return invalid(`${at}: expected ${expected}, got ${got}`);
}

function tooMany(at: string, got: number, things: string, max: number, setting = ''): XmlRpcFault {
  return invalid(`${at}: ${got} ${things}, at most ${max} are accepted${setting}`);
}

function invalid(text: string): XmlRpcFault {
  return new XmlRpcFault(FAULT_CODES.invalidArguments, text);
}

/** Creates a reader of host ids. The same array gives the same object, by which services cache. */
function createHostReader(maxHostIds: number): (value: XmlRpcValue, at: string) => AskedHosts {
  const known = new WeakMap<readonly XmlRpcValue[], AskedHosts>();
  return (value, at) => {
    if (!isArray(value)) throw wrongType(at, 'an array of host ids', value);
    if (value.length > maxHostIds) {
      throw tooMany(at, value.length, 'host ids', maxHostIds, ' (bridge.maxHostIds)');
    }
    const before = known.get(value);
    if (before !== undefined) return before;
    const texts = new Map<string, string>();
    for (const [index, item] of value.entries()) {
      if (typeof item !== 'string') throw wrongType(`${at}[${index}]`, 'a string with a UUID', item);
      const text = flatCopy(item);
      const id = parseUuid(text);
      if (id === undefined) throw wrongArgument(`${at}[${index}]`, 'a UUID', quoted(text));
      if (!texts.has(id)) texts.set(id, text);
    }
    const hosts = { ids: [...texts.keys()], texts: [...texts.values()] };
    known.set(value, hosts);
    return hosts;
  };
}

function readFilterNames(value: XmlRpcValue, at: string): readonly string[] {
  const names = readUnits(value, at, 'an array of names');
  return [...new Set(names.map((name, index) => readName(name, `${at}[${index}]`)))];
}

function readFunctions(value: XmlRpcValue, at: string): ReadonlyMap<string, number> {
  const factors = new Map<string, number>();
  for (const [index, pair] of readUnits(value, at, 'an array of [name, factor]').entries()) {
    const place = `${at}[${index}]`;
    if (!isArray(pair)) throw wrongType(place, 'an array [name, factor]', pair);
    const [first, second] = pair;
    if (pair.length !== 2 || first === undefined || second === undefined) {
      throw wrongArgument(place, 'an array [name, factor]', `an array of ${pair.length}`);
    }
    const name = readName(first, `${place}[0]`);
    factors.set(name, (factors.get(name) ?? 0) + readFactor(second, `${place}[1]`));
  }
  return factors;
}

function readUnits(value: XmlRpcValue, at: string, expected: string): readonly XmlRpcValue[] {
  if (!isArray(value)) throw wrongType(at, expected, value);
  if (value.length > MAX_UNITS) throw tooMany(at, value.length, 'units', MAX_UNITS);
  return value;
}

function readName(value: XmlRpcValue, at: string): string {
  if (typeof value !== 'string') throw wrongType(at, 'a string with the name of a unit', value);
  if (value === '') throw wrongArgument(at, 'the name of a unit', 'an empty string');
  if (value.length > MAX_UNIT_NAME_LENGTH) {
    throw tooMany(at, value.length, 'characters', MAX_UNIT_NAME_LENGTH);
  }
  return flatCopy(value);
}

/** Reads a factor. The engine sends `<i4>`; scripts may send a whole number of another type. */
function readFactor(value: XmlRpcValue, at: string): number {
  const factor = numberOf(value);
  if (factor === undefined) throw wrongType(at, 'an int, the factor', value);
  if (!Number.isInteger(factor) || Math.abs(factor) > MAX_INT32) {
    throw wrongArgument(at, 'an int, the factor', String(factor));
  }
  return factor;
}

function readUuid(value: XmlRpcValue, at: string): string {
  if (typeof value !== 'string') throw wrongType(at, 'a string with a UUID', value);
  const id = parseUuid(value);
  if (id === undefined) throw wrongArgument(at, 'a UUID', quoted(value));
  return flatCopy(id);
}

/**
 * Reads properties. The engine sends nil when a cluster has none, clients of the old proxy an empty string; a null value
 * means that a property is not set.
 */
function readProperties(value: XmlRpcValue, at: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  if (value === null || value === '') return properties;
  if (!isStruct(value)) throw wrongType(at, 'a struct of properties, or nil', value);
  if (value.size > MAX_PROPERTIES) throw tooMany(at, value.size, 'properties', MAX_PROPERTIES);
  for (const [key, member] of value) {
    const place = `${at}[${quoted(key)}]`;
    if (key.length > MAX_PROPERTY_KEY_LENGTH) {
      throw tooMany(place, key.length, 'characters', MAX_PROPERTY_KEY_LENGTH);
    }
    if (member === null) continue;
    const isText = typeof member === 'string' || typeof member === 'boolean' || typeof member === 'bigint';
    const text = isText ? String(member) : numberOf(member)?.toString();
    if (text === undefined) throw wrongType(place, 'a string, an int, a double or a boolean', member);
    if (text.length > MAX_PROPERTY_VALUE_LENGTH) {
      throw tooMany(place, text.length, 'characters', MAX_PROPERTY_VALUE_LENGTH);
    }
    properties.set(key, flatCopy(text));
  }
  return properties;
}

function numberOf(value: XmlRpcValue): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  const isDouble = typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'double';
  return isDouble ? value.value : undefined;
}
