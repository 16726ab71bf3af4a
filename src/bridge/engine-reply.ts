import type { Migration, UnitFailure } from '../domain/contract.js';
import { parseUuid } from '../lib/uuid.js';
import type { AskedHosts } from './asked-hosts.js';
import type { BridgeLimits } from './bridge-limits.js';
import { contractViolation } from '../domain/errors.js';
import { isCost, type Cost } from '../engine-model/costs.js';
import { oneLine, quoted } from '../lib/text.js';
import type { XmlRpcStruct, XmlRpcValue } from '../engine-model/value.js';

/** A failed unit; its message is in the words that the engine gets. */
export interface FailedUnit {
  readonly unit: string;
  readonly failure: UnitFailure;
}

/** Makes answers out of a result, the units that failed, and errors that belong to no unit. */
export type EngineReply = (
  result: XmlRpcValue,
  failed: readonly FailedUnit[],
  errors?: readonly string[],
) => XmlRpcStruct;

/**
 * Makes the answers to runFilters, runCostFunctions and runLoadBalancing: `result` counts whatever `result_code` says, and the
 * engine reads the two error members only when it is not 0 (ExternalSchedulerBrokerObjectBuilder.populateCommonFields).
 */
export function createEngineReply({
  maxMessages,
  maxMessageLength,
}: Pick<BridgeLimits, 'maxMessages' | 'maxMessageLength'>): EngineReply {
  const bounded = (text: string) => oneLine(text, maxMessageLength);
  return (result, failed, errors = []) => {
    const told = failed.slice(0, maxMessages);
    const untold = failed.length - told.length;
    const texts = [...errors, ...(untold > 0 ? [`${untold} more units failed`] : [])].map(bounded);
    return new Map<string, XmlRpcValue>([
      ['result_code', told.length > 0 || texts.length > 0 ? 1 : 0],
      ['result', result],
      ['plugin_errors', new Map(told.map(({ unit, failure }) => [unit, [bounded(failure.message)]]))],
      ['errors', texts.slice(0, maxMessages)],
    ]);
  };
}

/** A unit's rows of three, unweighted: the engine multiplies by its own factor. */
export function unitRows(unit: string, hosts: AskedHosts, costs: readonly Cost[]): readonly XmlRpcValue[] {
  return checkedRows(hosts, costs, (host, cost) => [host, cost, unit]);
}

/** Rows of two, which the engine books under no unit, with factor 1: sums that are weighted already. */
export function sumRows(hosts: AskedHosts, sums: readonly Cost[]): readonly XmlRpcValue[] {
  return checkedRows(hosts, sums, (host, sum) => [host, sum]);
}

/** The hosts that are accepted, in the order asked and in the engine's own text; `accepts` gets a host's place. */
export function hostList(hosts: AskedHosts, accepts: (place: number) => boolean): readonly string[] {
  checkTexts(hosts);
  return hosts.texts.filter((_, place) => accepts(place));
}

/** The two elements that an answer of runLoadBalancing always has; `['', []]`: nothing to do. */
export function migrationPair(hosts: AskedHosts, migration: Migration | undefined): readonly XmlRpcValue[] {
  if (migration === undefined) return ['', []];
  const vmId = parseUuid(migration.vmId);
  if (vmId === undefined) throw contractViolation(`VM ${quoted(migration.vmId)} is no UUID`);
  const candidates = migration.candidateHostIds.map((id) => hostText(hosts, id));
  if (candidates.length === 0) throw contractViolation(`VM ${vmId} has no host to go to`);
  if (new Set(candidates).size < candidates.length)
    throw contractViolation(`VM ${vmId} may go to one host twice`);
  return [vmId, candidates];
}

function checkedRows(
  hosts: AskedHosts,
  costs: readonly Cost[],
  row: (host: string, cost: Cost) => XmlRpcValue,
): readonly XmlRpcValue[] {
  checkTexts(hosts);
  if (costs.length !== hosts.texts.length) {
    throw contractViolation(`expected ${hosts.texts.length} costs, one for each host, got ${costs.length}`);
  }
  return hosts.texts.map((text, place) => {
    const cost = costs[place];
    if (cost === undefined || !isCost(cost))
      throw contractViolation(`host ${text}: its cost is no integer of 32 bits`);
    return row(text, cost);
  });
}

function hostText(hosts: AskedHosts, id: string): string {
  checkTexts(hosts);
  const text = hosts.texts[hosts.placeOf(id) ?? -1];
  if (text === undefined) throw contractViolation(`host ${quoted(id)} was not asked about`);
  return text;
}

/** Lists of hosts live through many calls, and looking at every id takes as long as making its row. */
const checkedHosts = new WeakSet<AskedHosts>();

/** The engine's UUID.fromString throws for a text that does not parse, and a wrong one would be another host. */
function checkTexts(hosts: AskedHosts): void {
  if (checkedHosts.has(hosts)) return;
  const { ids, texts } = hosts;
  const wrong = texts.findIndex((text, place) => parseUuid(text) !== ids[place]);
  if (wrong >= 0 || texts.length !== ids.length) {
    throw contractViolation(
      `host ${quoted(String(texts[wrong] ?? ids.at(-1)))} is not the UUID that was asked about`,
    );
  }
  checkedHosts.add(hosts);
}
