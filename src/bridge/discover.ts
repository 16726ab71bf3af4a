import {
  idsOf,
  type CallIds,
  type PolicyUnit,
  type PolicyUnitService,
  type PolicyUnitType,
  type UnitProperty,
} from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { XmlRpcValue } from '../engine-model/value.js';
import { isPrintable, oneLine, quoted } from '../lib/text.js';
import type { Log } from '../process/log.js';
import { argumentsOf, MAX_UNIT_NAME_LENGTH } from './arguments.js';
import type { BridgeMethod } from './method.js';
import { MAX_MESSAGE_LENGTH } from './reply.js';
import { FAULT_CODES, XmlRpcFault } from './xml-rpc/fault.js';

/** Longest description of a unit, in characters: the engine shows less. */
export const MAX_DESCRIPTION_LENGTH = 1000;

/** Longest pattern of a property, in characters, for the engine's database and forms. A property with a longer one is left out. */
export const MAX_PATTERN_LENGTH = 1000;

/** The only keys that the engine accepts; any other invalidates the whole answer (ExternalSchedulerDiscoveryResult.populate). */
const KEYS = [
  ['filters', 'FILTER'],
  ['scores', 'SCORE'],
  ['balance', 'BALANCE'],
] as const satisfies readonly (readonly [string, PolicyUnitType])[];

/** The announced units, by type and name. */
type Entries = ReadonlyMap<PolicyUnitType, Map<string, XmlRpcValue>>;

/** Options of discover. */
export interface DiscoverOptions {
  readonly service: Pick<PolicyUnitService, 'listPolicyUnits'>;
  readonly log: Log;
}

/**
 * Creates discover, which lists every unit with its description and properties. The engine asks once, at its start, and
 * disables what is missing until its restart. So an invalid property is left out rather than its unit, and only a unit
 * whose name the engine can't store is dropped. Faults when the units can't be listed, which the engine logs as an event.
 */
export function createDiscover({ service, log }: DiscoverOptions): BridgeMethod {
  function announce(unit: PolicyUnit, entries: Entries, ids: CallIds): void {
    const { name, type, description, properties } = unit;
    const reason = whyUnfit(unit, entries);
    if (reason !== undefined) {
      log.error(
        'unit not announced',
        { ...ids, unit: quoted(name), type, reason },
        `${type} ${quoted(name)}`,
      );
      return;
    }
    const patterns = new Map<string, string>();
    for (const property of properties) {
      const reason = whyPropertyUnfit(property, patterns);
      if (reason === undefined) patterns.set(property.name, `${property.name}=${property.pattern}`);
      else
        log.error(
          'property not announced',
          { ...ids, unit: name, property: quoted(property.name), reason },
          `${type} ${name} ${quoted(property.name)}`,
        );
    }
    const text = oneLine(description, MAX_DESCRIPTION_LENGTH);
    entries.get(type)?.set(name, [text, [...patterns.values()].join(';')]);
  }

  return {
    name: 'discover',
    help:
      'Lists the policy units. No arguments. Answers {filters, scores, balance}, each {name: [description, properties]}; ' +
      'properties are key=regex;key2=regex.',
    signatures: [['struct']],
    async run(params, ask) {
      argumentsOf('discover', params, []);
      const listing = ask(async (call) => ({ ...(await service.listPolicyUnits(call)), ...call }));
      const { units, ...call } = await listing.catch((thrown: unknown) => {
        const { code, message, cause } = SchedulingError.from(thrown);
        const text = `discover: the units can not be listed: ${code}: ${message}`;
        throw new XmlRpcFault(FAULT_CODES.unavailable, oneLine(text, MAX_MESSAGE_LENGTH), { cause });
      });
      const entries: Entries = new Map(KEYS.map(([, type]) => [type, new Map<string, XmlRpcValue>()]));
      for (const unit of units) announce(unit, entries, idsOf(call));
      const answer = new Map(KEYS.map(([key, type]) => [key, entries.get(type) ?? null]));
      return { answer, facts: () => ({ units: units.length }) };
    },
  };
}

function whyUnfit({ name, type }: PolicyUnit, entries: Entries): string | undefined {
  if (name === '') return 'its name is empty';
  if (name.length > MAX_UNIT_NAME_LENGTH) return `its name is longer than ${MAX_UNIT_NAME_LENGTH} characters`;
  if (!isPrintable(name)) return 'its name holds a control character';
  return entries.get(type)?.has(name) === true ? 'there are two of that type and name' : undefined;
}

/** Returns why the engine would reject the property, and with it the unit (CustomPropertiesUtils.VALIDATION_STR). */
function whyPropertyUnfit(
  { name, pattern }: UnitProperty,
  known: ReadonlyMap<string, string>,
): string | undefined {
  if (known.has(name)) return 'there are two of that name';
  if (!/^[a-zA-Z0-9_]+$/.test(name)) return 'its name holds more than letters, digits and underscores';
  if (pattern.includes(';')) return 'its pattern holds a semicolon, at which the engine splits';
  if (!isPrintable(pattern)) return 'its pattern holds a control character';
  if (pattern.length > MAX_PATTERN_LENGTH)
    return `its pattern is longer than ${MAX_PATTERN_LENGTH} characters`;
  return undefined;
}
