import type { Migration, UnitFailure } from '../contract.js';
import { parseUuid } from '../uuid.js';
import type { AskedHosts } from './asked-hosts.js';
import { brokenAnswer } from './broken-answer.js';
import { isCost, type Cost } from './cost.js';
import { engineText, quoted } from './engine-text.js';
import type { XmlRpcStruct, XmlRpcValue } from './xml-rpc/value.js';

/** Most messages of one answer: each becomes an event in the engine's log. */
export const MAX_MESSAGES = 100;

/** A failed unit; its message is in the words that the engine gets. */
export interface FailedUnit {
  readonly unit: string;
  readonly failure: UnitFailure;
}

/**
 * The answer to runFilters, runCostFunctions and runLoadBalancing: `result` counts whatever `result_code` says, and the
 * engine reads the two error members only when it is not 0 (ExternalSchedulerBrokerObjectBuilder.populateCommonFields).
 */
export function engineReply(
  result: XmlRpcValue,
  failed: readonly FailedUnit[],
  errors: readonly string[] = [],
): XmlRpcStruct {
  const told = failed.slice(0, MAX_MESSAGES);
  const untold = failed.length - told.length;
  const texts = [...errors, ...(untold > 0 ? [`${untold} more units failed`] : [])].map((text) =>
    engineText(text),
  );
  return new Map<string, XmlRpcValue>([
    ['result_code', told.length > 0 || texts.length > 0 ? 1 : 0],
    ['result', result],
    ['plugin_errors', new Map(told.map(({ unit, failure }) => [unit, [engineText(failure.message)]]))],
    ['errors', texts.slice(0, MAX_MESSAGES)],
  ]);
}

/** A unit's rows of three, unweighted: the engine multiplies by its own factor. */
export function unitRows(unit: string, hosts: AskedHosts, costs: readonly Cost[]): readonly XmlRpcValue[] {
  return checkedRows(hosts, costs, (host, cost) => [host, cost, unit]);
}

/** Rows of two, which the engine books under no unit, with factor 1: sums that are weighted already. */
export function sumRows(hosts: AskedHosts, sums: readonly Cost[]): readonly XmlRpcValue[] {
  return checkedRows(hosts, sums, (host, sum) => [host, sum]);
}

/** The accepted hosts, in the order asked and in the engine's own text. */
export function hostList(hosts: AskedHosts, accepts: (id: string) => boolean): readonly string[] {
  return hosts.ids.filter(accepts).map((id) => hostText(hosts, id));
}

/** The two elements that an answer of runLoadBalancing always has; `['', []]`: nothing to do. */
export function migrationPair(hosts: AskedHosts, migration: Migration | undefined): readonly XmlRpcValue[] {
  if (migration === undefined) return ['', []];
  const vmId = parseUuid(migration.vmId);
  if (vmId === undefined) throw brokenAnswer(`VM ${quoted(migration.vmId)} is no UUID`);
  const candidates = migration.candidateHostIds.map((id) => hostText(hosts, id));
  if (candidates.length === 0) throw brokenAnswer(`VM ${vmId} has no host to go to`);
  if (new Set(candidates).size < candidates.length) throw brokenAnswer(`VM ${vmId} may go to one host twice`);
  return [vmId, candidates];
}

function checkedRows(
  hosts: AskedHosts,
  costs: readonly Cost[],
  row: (host: string, cost: Cost) => XmlRpcValue,
): readonly XmlRpcValue[] {
  if (costs.length !== hosts.ids.length) {
    throw brokenAnswer(`expected ${hosts.ids.length} costs, one for each host, got ${costs.length}`);
  }
  return hosts.ids.map((id, index) => {
    const cost = costs[index];
    if (cost === undefined || !isCost(cost))
      throw brokenAnswer(`host ${id}: its cost is no integer of 32 bits`);
    return row(textAt(hosts, index), cost);
  });
}

function hostText(hosts: AskedHosts, id: string): string {
  const place = hosts.placeOf(id);
  if (place === undefined) throw brokenAnswer(`host ${quoted(id)} was not asked about`);
  return textAt(hosts, place);
}

/** The engine's own text of a host; its UUID.fromString throws for any that does not parse. */
function textAt({ ids, texts }: AskedHosts, place: number): string {
  const text = texts[place];
  if (text === undefined || parseUuid(text) !== ids[place]) {
    throw brokenAnswer(`host ${quoted(String(text))} is not the UUID that was asked about`);
  }
  return text;
}
