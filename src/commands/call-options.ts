import type { Command } from 'commander';
import type { WeightedUnit } from '../domain/contract.js';
import { milliseconds } from './milliseconds-option.js';
import { id, ids, property, weightedUnit } from './score-options.js';

/** Which external scheduler to call, and how. */
export interface CallOptions {
  readonly url: string;
  /** Longest wait for the answer, in milliseconds. */
  readonly timeout: number;
  readonly json?: boolean;
}

/** Hosts and properties of a call. */
interface HostOptions extends CallOptions {
  readonly host: readonly string[];
  readonly property?: ReadonlyMap<string, string>;
}

/** What `hostscore call filters` asks for. */
export interface CallFiltersOptions extends HostOptions {
  readonly vm: string;
  readonly unit: readonly string[];
}

/** What `hostscore call costs` asks for. */
export interface CallCostsOptions extends HostOptions {
  readonly vm: string;
  readonly unit: readonly WeightedUnit[];
}

/** What `hostscore call balance` asks for. */
export interface CallBalanceOptions extends HostOptions {
  readonly unit: string;
}

/** Where the engine looks for its external scheduler by default (ExternalSchedulerServiceURL). */
const DEFAULT_URL = 'http://127.0.0.1:18781/';

/** How long the engine waits for an answer by default, in milliseconds (ExternalSchedulerResponseTimeout). */
export const DEFAULT_TIMEOUT_MS = 120_000;

/** Adds what every one of the calls takes. */
export function addCallOptions(command: Command): Command {
  return command
    .option('--url <url>', 'URL of the external scheduler', DEFAULT_URL)
    .option(
      '--timeout <ms>',
      'longest wait for the answer, in milliseconds',
      milliseconds,
      DEFAULT_TIMEOUT_MS,
    )
    .option('--json', 'print JSON');
}

/** Adds the hosts and the properties. */
export function addHostOptions(command: Command): Command {
  return addCallOptions(command)
    .requiredOption('--host <id>', 'host to ask about, repeatable', ids)
    .option('--property <key=value>', 'property of the scheduling policy, repeatable', property);
}

/** Adds the VM. */
export function addVmOption(command: Command): Command {
  return command.requiredOption('--vm <id>', 'VM to schedule', id);
}

/** Adds units with their factors. */
export function addFactorsOption(command: Command): Command {
  return command.requiredOption(
    '--unit <name[=factor]>',
    'cost function to run, with its factor in the policy, repeatable',
    weightedUnit,
  );
}

/** Adds names of units. */
export function addNamesOption(command: Command): Command {
  return command.requiredOption('--unit <name>', 'filter to run, repeatable', names);
}

function names(value: string, gathered: readonly string[] = []): string[] {
  return [...gathered, value];
}
