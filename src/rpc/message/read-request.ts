import {
  MAX_WEIGHT_SUM,
  type AssumedPlacement,
  type BalanceHostsRequest,
  type FilterHostsRequest,
  type ScoreHostsRequest,
  type WeightedUnit,
} from '../../domain/contract.js';
import { SchedulingError } from '../../domain/errors.js';
import type { AssumedPlacement__Output } from '../../gen/hostscore/v1/AssumedPlacement.js';
import type { BalanceHostsRequest__Output } from '../../gen/hostscore/v1/BalanceHostsRequest.js';
import type { FilterHostsRequest__Output } from '../../gen/hostscore/v1/FilterHostsRequest.js';
import type { ScoreHostsRequest__Output } from '../../gen/hostscore/v1/ScoreHostsRequest.js';
import type { WeightedUnit__Output } from '../../gen/hostscore/v1/WeightedUnit.js';
import type { RequestLimits } from '../limits.js';
import { quote } from './quote.js';
import { isUnitName, MAX_UNIT_NAME_LENGTH } from './unit-name.js';
import { createUuidListReader, readUuid } from './uuid.js';

/**
 * Reads requests off the wire. Each method takes the message over, and throws INVALID_ARGUMENT for what is wrong in it
 * and RESOURCE_EXHAUSTED for what is too much; the message names the field, the value and the remedy.
 */
export interface RequestReader {
  readonly scoreHosts: (message: ScoreHostsRequest__Output) => ScoreHostsRequest;
  readonly filterHosts: (message: FilterHostsRequest__Output) => FilterHostsRequest;
  readonly balanceHosts: (message: BalanceHostsRequest__Output) => BalanceHostsRequest;
}

/** Makes a reader of requests within these limits. */
export function createRequestReader(limits: RequestLimits): RequestReader {
  const readUuids = createUuidListReader();

  function readHostIds(ids: string[]): readonly string[] {
    atMost(ids.length, limits, 'maxHostIds', 'host_ids', 'ids');
    return readUuids(ids, 'host_ids');
  }

  return {
    scoreHosts(message) {
      if (message.all_hosts && message.host_ids.length > 0) {
        throw invalid(
          'host_ids',
          `${message.host_ids.length} ids together with all_hosts; give one or the other`,
        );
      }
      return {
        vmId: readUuid(message.vm_id, 'vm_id'),
        hosts: message.all_hosts ? 'ALL_UP' : readHostIds(message.host_ids),
        units: readWeightedUnits(message.units, limits),
        properties: readProperties(message.properties, limits),
        assumedPlacements: readPlacements(message.assumed_placements, limits),
        explain: message.explain || message.explain_top > 0,
        ...(message.explain_top > 0 ? { explainTop: message.explain_top } : {}),
      };
    },
    filterHosts(message) {
      atMost(message.units.length, limits, 'maxUnits', 'units', 'units');
      const names = createNameReader();
      return {
        vmId: readUuid(message.vm_id, 'vm_id'),
        hosts: readHostIds(message.host_ids),
        units: message.units.map((name, index) => names(name, `units[${index}]`)),
        properties: readProperties(message.properties, limits),
      };
    },
    balanceHosts(message) {
      return {
        unit: createNameReader()(message.unit, 'unit'),
        hostIds: readHostIds(message.host_ids),
        properties: readProperties(message.properties, limits),
      };
    },
  };
}

function readWeightedUnits(
  units: readonly WeightedUnit__Output[],
  limits: RequestLimits,
): readonly WeightedUnit[] {
  atMost(units.length, limits, 'maxUnits', 'units', 'units');
  const names = createNameReader();
  let sum = 0;
  const weighted = units.map(({ name, weight = 1 }, index) => {
    if (weight < 0) throw invalid(`units[${index}].weight`, `expected 0 or more, got ${weight}`);
    sum += weight;
    return { name: names(name, `units[${index}].name`), weight };
  });
  if (sum > MAX_WEIGHT_SUM) {
    throw invalid('units', `the weights add up to ${sum}, at most ${MAX_WEIGHT_SUM} fit; scale them down`);
  }
  return weighted;
}

function createNameReader(): (name: string, field: string) => string {
  const seen = new Set<string>();
  return (name, field) => {
    if (!isUnitName(name)) {
      throw invalid(field, `expected a name of 1 to ${MAX_UNIT_NAME_LENGTH} characters, got ${quote(name)}`);
    }
    if (seen.has(name)) throw invalid(field, `${quote(name)} stands here twice; name each unit once`);
    seen.add(name);
    return name;
  };
}

function readProperties(
  properties: Readonly<Record<string, string>>,
  limits: RequestLimits,
): ReadonlyMap<string, string> {
  const entries = Object.entries(properties);
  atMost(entries.length, limits, 'maxProperties', 'properties', 'properties');
  for (const [key, value] of entries) {
    const field = `properties[${quote(key)}]`;
    atMost(key.length, limits, 'maxPropertyKeyLength', field, 'characters in the key');
    atMost(value.length, limits, 'maxPropertyValueLength', field, 'characters in the value');
  }
  return new Map(entries);
}

function readPlacements(
  placements: readonly AssumedPlacement__Output[],
  limits: RequestLimits,
): readonly AssumedPlacement[] {
  atMost(placements.length, limits, 'maxAssumedPlacements', 'assumed_placements', 'placements');
  const placed = new Set<string>();
  return placements.map(({ vm_id, host_id }, index) => {
    const field = `assumed_placements[${index}]`;
    const vmId = readUuid(vm_id, `${field}.vm_id`);
    if (placed.has(vmId))
      throw invalid(`${field}.vm_id`, `${quote(vmId)} stands here twice; place each VM once`);
    placed.add(vmId);
    return { vmId, hostId: readUuid(host_id, `${field}.host_id`) };
  });
}

function atMost(
  count: number,
  limits: RequestLimits,
  name: keyof RequestLimits,
  field: string,
  what: string,
): void {
  const limit = limits[name];
  if (count <= limit) return;
  throw new SchedulingError(
    'RESOURCE_EXHAUSTED',
    `${field}: ${count} ${what}, at most ${limit} are allowed (${name}); send fewer, or raise the limit`,
  );
}

function invalid(field: string, problem: string): SchedulingError {
  return new SchedulingError('INVALID_ARGUMENT', `${field}: ${problem}`);
}
