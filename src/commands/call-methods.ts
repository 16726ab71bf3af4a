import {
  readBalanceAnswer,
  readCostAnswer,
  readDiscoverAnswer,
  readFilterAnswer,
  type BalanceOutcome,
  type CostOutcome,
  type DiscoverOutcome,
  type DiscoveredUnit,
  type FilterOutcome,
} from '../engine-model/read-answer.js';
import { selectByRank, selectByWeight, type Selection } from '../engine-model/selectors.js';
import type { PolicyUnitType, WeightedUnit } from '../domain/contract.js';
import { callCostTable } from './call-cost-table.js';
import type { Exchange } from './call-exchange.js';
import type { Line } from './terminal-text.js';

/** Hosts and a VM of a call, by id. */
export interface Placing {
  readonly vmId: string;
  readonly hostIds: readonly string[];
  /** Names of hosts by id, as far as they were looked up; others are shown by their ids. */
  readonly names: ReadonlyMap<string, string>;
  readonly properties: ReadonlyMap<string, string>;
}

/** Asks which units there are. */
export function discoverCall(): Exchange<DiscoverOutcome> {
  return {
    method: 'discover',
    params: [],
    read: readDiscoverAnswer,
    withoutAnswer: 'the engine disables every external unit until it starts again (event 9920)',
    lines: ({ enabled }) => [
      { text: `The engine enables ${enabled.length} units, and disables every other external one:` },
      ...enabled.flatMap(unitLines).map((text) => ({ text })),
    ],
  };
}

const KINDS: Readonly<Record<PolicyUnitType, string>> = {
  FILTER: 'filter',
  SCORE: 'cost function',
  BALANCE: 'balance',
};

function unitLines({ type, name, description, properties }: DiscoveredUnit): string[] {
  return [
    `${name} (${KINDS[type]})`,
    ...(description === '' ? [] : [`  ${description}`]),
    ...properties
      .split(';')
      .filter((property) => property !== '')
      .map((property) => `  ${property}`),
  ];
}

/** Asks which hosts filters leave. */
export function filterCall(
  units: readonly string[],
  { vmId, hostIds, names, properties }: Placing,
): Exchange<FilterOutcome> {
  return {
    method: 'runFilters',
    params: [units, hostIds, vmId, properties],
    read: (answer) => readFilterAnswer(answer, { hostIds: [...new Set(hostIds)], units }),
    withoutAnswer: 'the engine fails open and keeps every host (event 9920)',
    lines: ({ accepted, rejected }) => [
      ...accepted.map((id): Line => ({ text: `keeps    ${names.get(id) ?? id}`, style: 'green' })),
      ...rejected.map((id): Line => ({ text: `rejects  ${names.get(id) ?? id}`, style: 'red' })),
      ...(accepted.length === 0 ? [{ text: 'No host is left, so the VM does not start or migrate.' }] : []),
    ],
  };
}

/** Asks what hosts cost. */
export function costCall(
  units: readonly WeightedUnit[],
  { vmId, hostIds, names, properties }: Placing,
): Exchange<CostOutcome> {
  const candidates = [...new Set(hostIds)];
  const factors = new Map(units.map(({ name, weight }) => [name, weight]));
  return {
    method: 'runCostFunctions',
    params: [units.map(({ name, weight }) => [name, weight]), hostIds, vmId, properties],
    read: (answer) => readCostAnswer(answer, { hostIds: candidates, units: [...factors.keys()] }),
    withoutAnswer: 'the engine goes on without external costs (event 9920)',
    lines: ({ costs }) => callCostTable({ costs, candidates, factors }, names),
    facts: ({ costs }) => ({
      rankSelector: selectionFacts(selectByRank({ costs, candidates, factors })),
      basicWeighting: selectionFacts(selectByWeight({ costs, factors })),
    }),
  };
}

function selectionFacts({ winners, totals }: Selection): Readonly<Record<string, unknown>> {
  return { winners, totals: Object.fromEntries(totals) };
}

/** Asks for a migration. Without properties the engine sends nil. */
export function balanceCall(
  unit: string,
  { hostIds, names, properties }: Omit<Placing, 'vmId'>,
): Exchange<BalanceOutcome> {
  return {
    method: 'runLoadBalancing',
    params: [unit, hostIds, properties.size === 0 ? null : properties],
    read: (answer) => readBalanceAnswer(answer, { hostIds, units: [unit] }),
    withoutAnswer: 'the engine balances nothing this time (event 9920)',
    lines: ({ migration }) =>
      migration === undefined
        ? [{ text: 'The engine does nothing.' }]
        : [
            { text: `The engine migrates VM ${migration.vmId} to the best of:` },
            ...migration.candidateHostIds.map((id) => ({ text: `  ${names.get(id) ?? id}` })),
          ],
  };
}
