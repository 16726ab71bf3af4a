import type { Command } from 'commander';
import { callXmlRpc } from '../bridge/client.js';
import type { PolicyUnitType, WeightedUnit } from '../domain/contract.js';
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
import { callCostTable } from './call-cost-table.js';
import { DEFAULT_TIMEOUT_MS, exchange, type CallOptions, type Exchange } from './call-exchange.js';
import type { Io } from './io.js';
import { id, ids, milliseconds, property, texts, weightedUnit } from './options.js';

/** Hosts and properties of a call. */
interface HostOptions extends CallOptions {
  readonly host: readonly string[];
  readonly property?: ReadonlyMap<string, string>;
}

interface FilterOptions extends HostOptions {
  readonly vm: string;
  readonly unit: readonly string[];
}

interface CostOptions extends HostOptions {
  readonly vm: string;
  readonly unit: readonly WeightedUnit[];
}

interface BalanceOptions extends HostOptions {
  readonly unit: string;
}

/** URL at which the engine looks for its external scheduler by default (ExternalSchedulerServiceURL). */
const DEFAULT_URL = 'http://127.0.0.1:18781/';

/**
 * Adds `hostscore call`, which speaks XML-RPC to any external scheduler and says what the engine would do with the answer.
 * Its calls are dry runs: hostscore answers them alike and remembers nothing of them.
 */
export function addCallCommand(program: Command, io: Io, send = callXmlRpc): void {
  const command = program
    .command('call')
    .description(
      'call an external scheduler as the engine does, and say what the engine would do with the answer',
    );

  const add = (name: string, description: string): Command =>
    command
      .command(name)
      .description(description)
      .option('--url <url>', 'URL of the external scheduler', DEFAULT_URL)
      .option(
        '--timeout <ms>',
        'longest wait for the answer, in milliseconds',
        milliseconds,
        DEFAULT_TIMEOUT_MS,
      )
      .option('--json', 'print JSON');

  add('discover', 'which units the engine would enable').action((options: CallOptions) =>
    exchange(discoverCall(), options, io, send),
  );

  addVmOption(addHostOptions(add('filters', 'which hosts would be left')))
    .requiredOption('--unit <name>', 'filter to run, repeatable', texts)
    .action((options: FilterOptions) => exchange(filterCall(options), options, io, send));

  addVmOption(addHostOptions(add('costs', 'what each host costs, and which one the engine would pick')))
    .requiredOption(
      '--unit <name[=factor]>',
      'cost function to run, with its factor in the policy, repeatable',
      weightedUnit,
    )
    .action((options: CostOptions) => exchange(costCall(options), options, io, send));

  addHostOptions(add('balance', 'which migration the engine would start'))
    .requiredOption('--unit <name>', 'balance unit to run')
    .action((options: BalanceOptions) => exchange(balanceCall(options), options, io, send));
}

function addHostOptions(command: Command): Command {
  return command
    .requiredOption('--host <id>', 'host to ask about, repeatable', ids)
    .option('--property <key=value>', 'property of the scheduling policy, repeatable', property);
}

function addVmOption(command: Command): Command {
  return command.requiredOption('--vm <id>', 'VM to schedule', id);
}

function discoverCall(): Exchange<DiscoverOutcome> {
  return {
    method: 'discover',
    params: [],
    read: readDiscoverAnswer,
    withoutAnswer: 'the engine disables every external unit until it starts again (event 9920)',
    lines: ({ enabled }) => [
      `The engine enables ${enabled.length} units, and disables every other external one:`,
      ...enabled.flatMap(unitLines),
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

function filterCall({ host, vm, unit, property = new Map() }: FilterOptions): Exchange<FilterOutcome> {
  return {
    method: 'runFilters',
    params: [unit, host, vm, property],
    read: (answer) => readFilterAnswer(answer, { hostIds: [...new Set(host)], units: unit }),
    withoutAnswer: 'the engine fails open and keeps every host (event 9920)',
    lines: ({ accepted, rejected }) => [
      ...accepted.map((id) => `keeps    ${id}`),
      ...rejected.map((id) => `rejects  ${id}`),
      ...(accepted.length === 0 ? ['No host is left, so the VM does not start or migrate.'] : []),
    ],
  };
}

function costCall({ host, vm, unit, property = new Map() }: CostOptions): Exchange<CostOutcome> {
  const candidates = [...new Set(host)];
  const factors = new Map(unit.map(({ name, weight }) => [name, weight]));
  return {
    method: 'runCostFunctions',
    params: [unit.map(({ name, weight }) => [name, weight]), host, vm, property],
    read: (answer) => readCostAnswer(answer, { hostIds: candidates, units: [...factors.keys()] }),
    withoutAnswer: 'the engine goes on without external costs (event 9920)',
    lines: ({ costs }) => callCostTable({ costs, candidates, factors }),
    facts: ({ costs }) => ({
      rankSelector: selectionFacts(selectByRank({ costs, candidates, factors })),
      basicWeighting: selectionFacts(selectByWeight({ costs, factors })),
    }),
  };
}

function selectionFacts({ winners, totals }: Selection): Readonly<Record<string, unknown>> {
  return { winners, totals: Object.fromEntries(totals) };
}

/** Without properties the engine sends nil. */
function balanceCall({ host, unit, property }: BalanceOptions): Exchange<BalanceOutcome> {
  return {
    method: 'runLoadBalancing',
    params: [unit, host, property ?? null],
    read: (answer) => readBalanceAnswer(answer, { hostIds: host, units: [unit] }),
    withoutAnswer: 'the engine balances nothing this time (event 9920)',
    lines: ({ migration }) =>
      migration === undefined
        ? ['The engine does nothing.']
        : [
            `The engine migrates VM ${migration.vmId} to the best of:`,
            ...migration.candidateHostIds.map((id) => `  ${id}`),
          ],
  };
}
