import type { PolicyUnit, PolicyUnitService, PolicyUnitType } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import { placesOf } from './argument-place.js';
import { ARGUMENT_NAMES } from './arguments.js';
import type { BridgeLimits } from './bridge-limits.js';
import type { CallBudget } from './call-budget.js';
import { isPrintable, oneLine, quoted } from '../lib/text.js';
import type { BridgeMethod } from './method.js';
import { propertiesRegex } from './properties-regex.js';
import type { UnitDirectory } from './unit-directory.js';
import { FAULT_CODES, XmlRpcFault } from './xml-rpc/fault.js';
import type { XmlRpcValue } from '../engine-model/value.js';

/** Longest name of a unit: varchar(128) in the engine's database (packaging/dbscripts/create_tables.sql). */
const MAX_NAME_LENGTH = 128;

/** The only keys that the engine takes; any other spoils the whole answer (ExternalSchedulerDiscoveryResult.populate). */
const KEYS = [
  ['filters', 'FILTER'],
  ['scores', 'SCORE'],
  ['balance', 'BALANCE'],
] as const satisfies readonly (readonly [string, PolicyUnitType])[];

/** What is announced, by type and name. */
type Entries = ReadonlyMap<PolicyUnitType, Map<string, XmlRpcValue>>;

/** What discover works with. */
export interface DiscoverOptions {
  readonly service: Pick<PolicyUnitService, 'listPolicyUnits'>;
  readonly budget: CallBudget;
  readonly directory: Pick<UnitDirectory, 'learn'>;
  readonly limits: Pick<BridgeLimits, 'maxDescriptionLength' | 'maxPatternLength' | 'maxMessageLength'>;
  readonly log: Log;
}

/**
 * discover: every unit with its description and the syntax of its properties. The engine asks once, when it starts, and
 * what is missing stays disabled until it starts again, so a unit loses a bad property rather than its place; only a unit
 * whose name the engine can't store is left out. Faults when the units can't be listed: the engine then writes an event.
 */
export function createDiscover({ service, budget, directory, limits, log }: DiscoverOptions): BridgeMethod {
  function announce(unit: PolicyUnit, entries: Entries, requestId: string): void {
    const { name, type, description, properties } = unit;
    const reason = whyUnfit(unit, entries);
    if (reason !== undefined) {
      log.error('unit not announced', { requestId, unit: quoted(name), type, reason });
      return;
    }
    const { regex, leftOut } = propertiesRegex(properties, limits.maxPatternLength);
    for (const { property, reason } of leftOut) {
      log.error('property not announced', { requestId, unit: name, property: quoted(property), reason });
    }
    entries.get(type)?.set(name, [oneLine(description, limits.maxDescriptionLength), regex]);
  }

  function answer(units: readonly PolicyUnit[], requestId: string): XmlRpcValue {
    const entries: Entries = new Map(KEYS.map(([, type]) => [type, new Map<string, XmlRpcValue>()]));
    for (const unit of units) announce(unit, entries, requestId);
    return new Map(KEYS.map(([key, type]) => [key, entries.get(type) ?? new Map<string, XmlRpcValue>()]));
  }

  return {
    name: 'discover',
    help:
      'Lists the policy units. No arguments. Answers {filters, scores, balance}, each {name: [description, properties]}; ' +
      'properties are key=regex;key2=regex.',
    signatures: [['struct']],
    async run(params, request) {
      placesOf('discover', params, ARGUMENT_NAMES.discover);
      const { units } = await budget(request, service.listPolicyUnits).catch((thrown: unknown) => {
        const { code, message, cause } = SchedulingError.from(thrown);
        const text = oneLine(
          `discover: the units can not be listed: ${code}: ${message}`,
          limits.maxMessageLength,
        );
        throw new XmlRpcFault(FAULT_CODES.unavailable, text, { cause });
      });
      directory.learn(units);
      return {
        answer: answer(units, request.requestId),
        units: [],
        failed: [],
        facts: { units: units.length },
      };
    },
  };
}

function whyUnfit({ name, type }: PolicyUnit, entries: Entries): string | undefined {
  if (name === '') return 'its name is empty';
  if (name.length > MAX_NAME_LENGTH) return `its name is longer than ${MAX_NAME_LENGTH} characters`;
  if (!isPrintable(name)) return 'its name holds a control character';
  const known = entries.get(type);
  if (known === undefined) return 'its type is unknown';
  return known.has(name) ? 'there are two of that type and name' : undefined;
}
