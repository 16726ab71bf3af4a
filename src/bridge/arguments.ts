import { MAX_INT32 } from '../domain/contract.js';
import { parseUuid } from '../lib/uuid.js';
import type { ArgumentLimits } from './argument-limits.js';
import {
  overLimit,
  partOf,
  placesOf,
  wrongArgument,
  wrongType,
  type ArgumentPlace,
} from './argument-place.js';
import { createHostListReader, type AskedHosts } from './asked-hosts.js';
import { quoted } from '../lib/text.js';
import { isArray, isStruct, type XmlRpcValue } from '../engine-model/value.js';

/** Names of the arguments of each call, as faults and the help name them. */
export const ARGUMENT_NAMES = {
  discover: [],
  runFilters: ['filterNames', 'hostIds', 'vmId', 'properties'],
  runCostFunctions: ['functions', 'hostIds', 'vmId', 'properties'],
  runLoadBalancing: ['balancerName', 'hostIds', 'properties'],
} as const;

/** What a call says of hosts and the policy's properties. */
export interface HostArguments {
  readonly hosts: AskedHosts;
  readonly properties: ReadonlyMap<string, string>;
}

/** Arguments of runFilters; a filter that is named twice stands here once. */
export interface FilterArguments extends HostArguments {
  readonly filters: readonly string[];
  /** UUID in lower case. */
  readonly vmId: string;
}

/** Arguments of runCostFunctions. */
export interface CostArguments extends HostArguments {
  /** Factors by name; a function that is named twice stands here once, with the sum of its factors. */
  readonly functions: ReadonlyMap<string, number>;
  /** UUID in lower case. */
  readonly vmId: string;
}

/** Arguments of runLoadBalancing. */
export interface BalanceArguments extends HostArguments {
  readonly balancer: string;
}

/** Reads the arguments of the engine's calls. Throws an invalidArguments fault that names what is wrong. */
export interface ArgumentReader {
  readonly filters: (params: readonly XmlRpcValue[]) => FilterArguments;
  readonly costs: (params: readonly XmlRpcValue[]) => CostArguments;
  readonly balance: (params: readonly XmlRpcValue[]) => BalanceArguments;
}

/** Makes a reader within these limits. */
export function createArgumentReader(limits: ArgumentLimits): ArgumentReader {
  const readHosts = createHostListReader(limits.maxHostIds);
  return {
    filters(params) {
      const at = placesOf('runFilters', params, ARGUMENT_NAMES.runFilters);
      return {
        filters: readFilterNames(...at(0), limits),
        hosts: readHosts(...at(1)),
        vmId: readUuid(...at(2)),
        properties: readProperties(...at(3), limits),
      };
    },
    costs(params) {
      const at = placesOf('runCostFunctions', params, ARGUMENT_NAMES.runCostFunctions);
      return {
        functions: readFunctions(...at(0), limits),
        hosts: readHosts(...at(1)),
        vmId: readUuid(...at(2)),
        properties: readProperties(...at(3), limits),
      };
    },
    balance(params) {
      const at = placesOf('runLoadBalancing', params, ARGUMENT_NAMES.runLoadBalancing);
      return {
        balancer: readName(...at(0), limits),
        hosts: readHosts(...at(1)),
        properties: readProperties(...at(2), limits),
      };
    },
  };
}

function readFilterNames(
  value: XmlRpcValue,
  place: ArgumentPlace,
  limits: ArgumentLimits,
): readonly string[] {
  const names = readList(value, place, 'an array of names', limits);
  return [...new Set(names.map((name, index) => readName(name, partOf(place, `[${index}]`), limits)))];
}

function readFunctions(
  value: XmlRpcValue,
  place: ArgumentPlace,
  limits: ArgumentLimits,
): ReadonlyMap<string, number> {
  const factors = new Map<string, number>();
  for (const [index, pair] of readList(value, place, 'an array of [name, factor]', limits).entries()) {
    const pairPlace = partOf(place, `[${index}]`);
    if (!isArray(pair)) throw wrongType(pairPlace, 'an array [name, factor]', pair);
    const [first, second] = pair;
    if (pair.length !== 2 || first === undefined || second === undefined) {
      throw wrongArgument(pairPlace, 'an array [name, factor]', `an array of ${pair.length}`);
    }
    const name = readName(first, partOf(pairPlace, '[0]'), limits);
    factors.set(name, (factors.get(name) ?? 0) + readFactor(second, partOf(pairPlace, '[1]')));
  }
  return factors;
}

function readList(
  value: XmlRpcValue,
  place: ArgumentPlace,
  expected: string,
  { maxUnits }: ArgumentLimits,
): readonly XmlRpcValue[] {
  if (!isArray(value)) throw wrongType(place, expected, value);
  if (value.length > maxUnits) throw overLimit(place, value.length, 'units', 'maxUnits', maxUnits);
  return value;
}

function readName(value: XmlRpcValue, place: ArgumentPlace, { maxUnitNameLength }: ArgumentLimits): string {
  if (typeof value !== 'string') throw wrongType(place, 'a string with the name of a unit', value);
  if (value === '') throw wrongArgument(place, 'the name of a unit', 'an empty string');
  if (value.length > maxUnitNameLength) {
    throw overLimit(place, value.length, 'characters', 'maxUnitNameLength', maxUnitNameLength);
  }
  return value;
}

/** The engine sends `<i4>`; a whole number of another type is a script's way to say the same. */
function readFactor(value: XmlRpcValue, place: ArgumentPlace): number {
  const factor = typeof value === 'number' || typeof value === 'bigint' ? Number(value) : doubleOf(value);
  if (factor === undefined) throw wrongType(place, 'an int, the factor', value);
  if (!Number.isInteger(factor) || Math.abs(factor) > MAX_INT32) {
    throw wrongArgument(place, 'an int, the factor', String(factor));
  }
  return factor;
}

function readUuid(value: XmlRpcValue, place: ArgumentPlace): string {
  if (typeof value !== 'string') throw wrongType(place, 'a string with a UUID', value);
  const id = parseUuid(value);
  if (id === undefined) throw wrongArgument(place, 'a UUID', quoted(value));
  return id;
}

/** The engine sends nil when a cluster has no properties, and a map's null value says that the property is not set. */
function readProperties(
  value: XmlRpcValue,
  place: ArgumentPlace,
  limits: ArgumentLimits,
): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  if (value === null) return properties;
  if (!isStruct(value)) throw wrongType(place, 'a struct of properties, or nil', value);
  const { maxProperties, maxPropertyKeyLength, maxPropertyValueLength } = limits;
  if (value.size > maxProperties) {
    throw overLimit(place, value.size, 'properties', 'maxProperties', maxProperties);
  }
  for (const [key, member] of value) {
    const memberPlace = partOf(place, `[${quoted(key)}]`);
    if (key.length > maxPropertyKeyLength) {
      throw overLimit(memberPlace, key.length, 'characters', 'maxPropertyKeyLength', maxPropertyKeyLength);
    }
    if (member === null) continue;
    const text = propertyText(member);
    if (text === undefined) throw wrongType(memberPlace, 'a string, an int, a double or a boolean', member);
    if (text.length > maxPropertyValueLength) {
      throw overLimit(
        memberPlace,
        text.length,
        'characters',
        'maxPropertyValueLength',
        maxPropertyValueLength,
      );
    }
    properties.set(key, text);
  }
  return properties;
}

function propertyText(value: XmlRpcValue): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  return doubleOf(value)?.toString();
}

function doubleOf(value: XmlRpcValue): number | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  return value.kind === 'double' ? value.value : undefined;
}
