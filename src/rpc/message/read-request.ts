import {
  MAX_WEIGHT_SUM,
  type AssumedPlacement,
  type BalanceHostsRequest,
  type FilterHostsRequest,
  type HostSelection,
  type ScoreHostsRequest,
  type WeightedUnit,
} from '../../domain/contract.js';
import { SchedulingError } from '../../domain/errors.js';
import { isSameList } from '../../domain/host-list.js';
import type { AssumedPlacement__Output } from '../../gen/hostscore/v1/AssumedPlacement.js';
import type { BalanceHostsRequest__Output } from '../../gen/hostscore/v1/BalanceHostsRequest.js';
import type { FilterHostsRequest__Output } from '../../gen/hostscore/v1/FilterHostsRequest.js';
import type { ScoreHostsRequest__Output } from '../../gen/hostscore/v1/ScoreHostsRequest.js';
import type { WeightedUnit__Output } from '../../gen/hostscore/v1/WeightedUnit.js';
import { createLru } from '../../lib/lru.js';
import { quoted } from '../../lib/text.js';
import { parseUuid } from '../../lib/uuid.js';
import { decodeWithHostIds, encodeHostIds, type EncodedList } from './fast-path.js';

/** Most units in one request. An engine's policy has a handful; more take longer than a scheduler waits. */
const MAX_UNITS = 128;

/** Most properties in one request. The engine sends all properties of a policy, a few for each unit. */
const MAX_PROPERTIES = 128;

/** Longest key of a property, in characters: as long as a unit's name. */
const MAX_PROPERTY_KEY_LENGTH = 128;

/**
 * Longest value of a property, in characters: the engine's own form fields hold far less. With all other limits reached, a
 * request still fits into `server.maxMessageSize`.
 */
const MAX_PROPERTY_VALUE_LENGTH = 1024;

/** Most assumed placements in one request: more than are decided within one refresh of the inventory. */
const MAX_ASSUMED_PLACEMENTS = 1000;

/** Longest name of a unit, in characters: the engine has a varchar(128) (packaging/dbscripts/create_tables.sql). */
const MAX_NAME_LENGTH = 128;

/** Most lists of ids that are remembered, about one for each cluster that asks. */
const REMEMBERED_LISTS = 16;

/**
 * Most ids of all remembered lists, of which the one that was not asked for the longest is forgotten first: four lists of the
 * default of `server.maxHostIds`. With all that is kept for a list, an id takes about 250 bytes, so that they take 10 MB.
 */
export const MAX_REMEMBERED_IDS = 40_000;

/**
 * A reader of decoded requests. Its methods own the message, and throw INVALID_ARGUMENT for an invalid field and
 * RESOURCE_EXHAUSTED for one over its limit, with the field, the value and the remedy.
 */
export interface RequestReader {
  /** Returns a function that decodes like the given one, but takes ids that it remembers by their bytes as they are. */
  readonly decoder: <Message extends { host_ids: string[] }>(
    decode: (bytes: Buffer) => Message,
  ) => (bytes: Buffer) => Message;
  readonly scoreHosts: (message: ScoreHostsRequest__Output) => ScoreHostsRequest;
  readonly filterHosts: (message: FilterHostsRequest__Output) => FilterHostsRequest;
  readonly balanceHosts: (message: BalanceHostsRequest__Output) => BalanceHostsRequest;
}

/** Creates a reader that accepts up to that many host ids in a request. */
export function createRequestReader(maxHostIds: number): RequestReader {
  const lists = createListMemory();

  function readHostIds(ids: readonly string[]): readonly string[] {
    if (ids.length > maxHostIds) {
      throw tooMuch(
        'host_ids',
        `${ids.length} ids, at most ${maxHostIds} are allowed (server.maxHostIds); send fewer, or raise the limit`,
      );
    }
    return lists.read(ids, 'host_ids');
  }

  function readHosts({
    all_hosts,
    host_ids,
  }: ScoreHostsRequest__Output | FilterHostsRequest__Output): HostSelection {
    if (!all_hosts) return readHostIds(host_ids);
    if (host_ids.length === 0) return 'ALL_UP';
    throw invalid('host_ids', `${host_ids.length} ids together with all_hosts; give one or the other`);
  }

  return {
    decoder: (decode) => (bytes) => decodeWithHostIds(bytes, decode, lists.find),
    scoreHosts(message) {
      const { explain_top } = message;
      if (explain_top < 0) throw invalid('explain_top', `expected 0 or more, got ${explain_top}`);
      return {
        vmId: readUuid(message.vm_id, 'vm_id'),
        hosts: readHosts(message),
        units: readWeightedUnits(message.units),
        properties: readProperties(message.properties),
        assumedPlacements: readPlacements(message.assumed_placements),
        explain: message.explain || explain_top > 0,
        ...(explain_top > 0 ? { explainTop: explain_top } : {}),
        ...(message.counterfactuals ? { counterfactuals: true } : {}),
        ...readRecord(message),
        ...readPolicy(message),
      };
    },
    filterHosts(message) {
      const names = createNameReader(message.units.length);
      return {
        vmId: readUuid(message.vm_id, 'vm_id'),
        hosts: readHosts(message),
        units: message.units.map((name, index) => names(name, `units[${index}]`)),
        properties: readProperties(message.properties),
        assumedPlacements: readPlacements(message.assumed_placements),
        explain: message.explain,
        ...readRecord(message),
        ...readPolicy(message),
      };
    },
    balanceHosts(message) {
      return {
        unit: readName(message.unit, 'unit'),
        hostIds: readHostIds(message.host_ids),
        properties: readProperties(message.properties),
        assumedPlacements: readPlacements(message.assumed_placements),
        explain: message.explain,
        ...readRecord(message),
      };
    },
  };
}

/** Parses a UUID into lower case. Throws INVALID_ARGUMENT, naming the field, for any other text. */
export function readUuid(text: string, field: string): string {
  const id = parseUuid(text);
  if (id === undefined) throw invalid(field, `expected a UUID, got ${quoted(text)}`);
  return id;
}

/** Creates the error for an invalid field. */
export function invalid(field: string, problem: string): SchedulingError {
  return new SchedulingError('INVALID_ARGUMENT', `${field}: ${problem}`);
}

/** Creates the error for a field over its limit. */
export function tooMuch(field: string, problem: string): SchedulingError {
  return new SchedulingError('RESOURCE_EXHAUSTED', `${field}: ${problem}`);
}

/** A memory of lists of ids by their first id. */
interface ListMemory {
  /** Returns a list that was asked for twice. */
  readonly find: (firstId: string) => EncodedList | undefined;
  /** Returns the ids of a list in lower case: the same array for the same list. Throws INVALID_ARGUMENT, naming the field. */
  readonly read: (texts: readonly string[], field: string) => readonly string[];
}

/**
 * Creates an empty memory. A scheduler asks for the same hosts again and again: bytes are compared in a hundredth of the
 * time that their ids take to be decoded and checked, and the same array lets services cache by it.
 */
function createListMemory(): ListMemory {
  const lists = createLru<string, EncodedList>(REMEMBERED_LISTS);

  function remember(firstId: string, list: EncodedList): void {
    if (list.ids.length > MAX_REMEMBERED_IDS) return;
    lists.set(firstId, list);
    let total = 0;
    for (const [, { ids }] of lists.entries()) total += ids.length;
    for (const [oldest, { ids }] of lists.entries()) {
      if (total <= MAX_REMEMBERED_IDS) return;
      lists.delete(oldest);
      total -= ids.length;
    }
  }

  return {
    find: lists.get,
    read(texts, field) {
      const [firstId] = texts;
      if (firstId === undefined) return texts;
      const known = lists.get(firstId);
      if (known === undefined || !isSameList(known.ids, texts)) {
        const ids = texts.map((text, index) => parseUuid(text) ?? readUuid(text, `${field}[${index}]`));
        remember(firstId, { ids, encoded: undefined });
        return ids;
      }
      // Only now: most lists of a caller who sends another one each time are never seen again.
      if (known.encoded === undefined) lists.set(firstId, { ...known, encoded: encodeHostIds(known.ids) });
      return known.ids;
    },
  };
}

function readWeightedUnits(units: readonly WeightedUnit__Output[]): readonly WeightedUnit[] {
  const names = createNameReader(units.length);
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

/** Creates a reader of unit names that rejects duplicates and too many units. */
function createNameReader(units: number): (name: string, field: string) => string {
  atMost(units, MAX_UNITS, 'units', 'units');
  const seen = new Set<string>();
  return (name, field) => {
    readName(name, field);
    if (seen.has(name)) throw invalid(field, `duplicate unit ${quoted(name)}; name each unit once`);
    seen.add(name);
    return name;
  };
}

function readName(name: string, field: string): string {
  if (name !== '' && name.length <= MAX_NAME_LENGTH) return name;
  throw invalid(field, `expected a name of 1 to ${MAX_NAME_LENGTH} characters, got ${quoted(name)}`);
}

function readRecord({ record }: { readonly record: boolean }): { readonly record?: true } {
  return record ? { record } : {};
}

function readPolicy({ policy, units }: { readonly policy: string; readonly units: readonly unknown[] }): {
  readonly policy?: string;
} {
  if (policy === '') return {};
  if (units.length > 0) {
    throw invalid(
      'policy',
      `${quoted(policy)} together with ${units.length} in units; give one or the other`,
    );
  }
  return { policy: readName(policy, 'policy') };
}

function readProperties(properties: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const entries = Object.entries(properties);
  atMost(entries.length, MAX_PROPERTIES, 'properties', 'properties');
  for (const [key, value] of entries) {
    const field = `properties[${quoted(key)}]`;
    atMost(key.length, MAX_PROPERTY_KEY_LENGTH, field, 'characters in the key');
    atMost(value.length, MAX_PROPERTY_VALUE_LENGTH, field, 'characters in the value');
  }
  return new Map(entries);
}

function readPlacements(placements: readonly AssumedPlacement__Output[]): readonly AssumedPlacement[] {
  atMost(placements.length, MAX_ASSUMED_PLACEMENTS, 'assumed_placements', 'placements');
  const placed = new Set<string>();
  return placements.map(({ vm_id, host_id }, index) => {
    const field = `assumed_placements[${index}]`;
    const vmId = readUuid(vm_id, `${field}.vm_id`);
    if (placed.has(vmId)) throw invalid(`${field}.vm_id`, `duplicate VM ${quoted(vmId)}; place each VM once`);
    placed.add(vmId);
    return { vmId, hostId: readUuid(host_id, `${field}.host_id`) };
  });
}

function atMost(count: number, limit: number, field: string, what: string): void {
  if (count > limit) throw tooMuch(field, `${count} ${what}, at most ${limit} are allowed; send fewer`);
}
