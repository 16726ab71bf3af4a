import { InvalidArgumentError, type Command } from 'commander';
import { loadConfig, settings, type ConfigSources, type Setting } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { durationIn, formatDuration, HOUR } from '../config/values.js';
import { MAX_WEIGHT_SUM, type WeightedUnit } from '../domain/contract.js';
import { parseAddress, type Address } from '../lib/address.js';
import { parseUuid } from '../lib/uuid.js';
import type { Io } from './io.js';

/** Titles of the groups of settings in a help text, by section; settings without a section come last. */
const GROUPS: Readonly<Record<string, string>> = {
  engine: 'The oVirt engine:',
  inventory: 'What is known of its hosts and VMs:',
  balancing: 'Balance units:',
  plugins: 'Old Python plugins:',
  services: 'Other scoring services, and how they answer as one:',
  composite: 'Other scoring services, and how they answer as one:',
  policies: 'Named policies:',
  shadow: 'Shadows, which are compared with the answers:',
  state: 'What is kept on disk:',
  bridge: 'The XML-RPC server that the engine calls:',
  decisions: 'The record of decisions:',
  server: 'The gRPC server:',
  ops: 'Probes and metrics:',
  log: 'The log:',
};

const OTHERS = 'The process:';

const AFTER_SETTINGS = `
Every setting can stand in the file, in the variable in parentheses, or in the flag; a flag wins over a variable, and a
variable over the file. The password of the engine comes from --engine-password-file or HOSTSCORE_ENGINE_PASSWORD.`;

/** Adds `--config` and one flag for each setting of the configuration to a command, in groups. */
export function addConfigOptions(command: Command): Command {
  addConfigFileOption(command);
  for (const { path, flag, variable, description } of settings) {
    if (flag === undefined) continue;
    const option = command.createOption(`${flag} <value>`, `${description} (${String(variable)})`);
    command.addOption(option.helpGroup(groupOf(path)));
  }
  return command.addHelpText('after', AFTER_SETTINGS);
}

/** Adds `--config` alone, for a command that only wants to know what a server is told. */
export function addConfigFileOption(command: Command): Command {
  return command.option('--config <file>', 'YAML file with the configuration (HOSTSCORE_CONFIG)', text);
}

/** Reads the configuration of a command: file, then variables, then the flags that it has. Throws a ConfigError. */
export function configOf(options: Readonly<Record<string, unknown>>, io: Io): Config {
  return loadConfig(sourcesOf(options, io));
}

/** Returns where the configuration of a command comes from. */
export function sourcesOf(options: Readonly<Record<string, unknown>>, { variables }: Io): ConfigSources {
  const flags: Record<string, string> = {};
  for (const { path, flag } of settings) {
    const value = flag === undefined ? undefined : options[optionName(flag)];
    if (typeof value === 'string') flags[path] = value;
  }
  const named = typeof options['config'] === 'string' ? options['config'] : variables['HOSTSCORE_CONFIG'];
  return { file: named === '' ? undefined : named, variables, flags };
}

function groupOf(path: Setting['path']): string {
  return GROUPS[path.split('.')[0] ?? ''] ?? OTHERS;
}

/** The name under which commander keeps a flag: `--engine-ca-file` as `engineCaFile`. */
function optionName(flag: string): string {
  return flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Longest `--timeout`: nobody waits longer at a command line, and timers of Node can. */
const MAX_TIMEOUT_MS = 24 * HOUR;

const timeout = durationIn(1, MAX_TIMEOUT_MS);

/** Adds `--timeout`, with this many milliseconds as its default. */
export function addTimeoutOption(command: Command, defaultMs: number): Command {
  return command.addOption(
    command
      .createOption('--timeout <duration>', 'longest wait for the answer')
      .argParser(readTimeout)
      .default(defaultMs, formatDuration(defaultMs)),
  );
}

function readTimeout(value: string): number {
  const { data, error } = timeout.safeParse(value);
  if (data !== undefined) return data;
  throw new InvalidArgumentError(`${error.issues[0]?.message ?? 'expected a duration'}.`);
}

/** Reads a number of things, for commander. */
export function count(value: string): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= 1 && number <= MAX_COUNT) return number;
  throw new InvalidArgumentError(`expected a whole number from 1 to ${MAX_COUNT}.`);
}

/** Most things that an option asks for: more than an engine has. */
const MAX_COUNT = 1_000_000;

/** Reads `host:port`, for commander. */
export function address(value: string): Address {
  const parsed = parseAddress(value);
  if (parsed === undefined) throw new InvalidArgumentError('expected host:port.');
  return parsed;
}

/** Reads a text that is not empty, for commander: an unset variable of a shell must not ask for everything. */
export function text(value: string): string {
  if (value === '') throw new InvalidArgumentError('expected a text that is not empty.');
  return value;
}

/** Gathers the texts of a repeated option, for commander. */
export function texts(value: string, gathered: readonly string[] = []): string[] {
  return [...gathered, text(value)];
}

/** Reads `name` or `name=weight`; for commander, which gathers repeated options. */
export function weightedUnit(value: string, gathered: readonly WeightedUnit[] = []): WeightedUnit[] {
  const groups = /^(?<name>[^=]+)(?:=(?<weight>\d+))?$/.exec(value)?.groups;
  const name = groups?.['name'];
  const weight = Number(groups?.['weight'] ?? 1);
  if (name === undefined || weight > MAX_WEIGHT_SUM) {
    throw new InvalidArgumentError(`expected NAME or NAME=WEIGHT, a whole number up to ${MAX_WEIGHT_SUM}.`);
  }
  return [...gathered, { name, weight }];
}

/** Reads `vm=host`; for commander, which gathers repeated options. */
export function placement(
  value: string,
  gathered: readonly (readonly [vm: string, host: string])[] = [],
): (readonly [vm: string, host: string])[] {
  const [vm = '', host = '', ...more] = value.split('=');
  if (vm === '' || host === '' || more.length > 0) throw new InvalidArgumentError('expected VM=HOST.');
  return [...gathered, [vm, host]];
}

/** Returns what `--vm` names. Ends the command, saying how to find a VM, when it is not given. */
export function requireVm(vm: string | undefined, command: Command): string {
  if (vm !== undefined) return vm;
  return command.error(
    'error: required option \'--vm <name|id>\' not specified; "hostscore vms" lists the VMs',
  );
}

/** Description of the option with which a dry run is remembered. */
export const RECORD = 'have the answer remembered, for "hostscore why" and "hostscore decisions"';

/** Reads `key=value`; for commander, which gathers repeated options. */
export function property(
  value: string,
  gathered: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const at = value.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected KEY=VALUE.');
  return new Map([...gathered, [value.slice(0, at), value.slice(at + 1)]]);
}

/** Reads an id of the engine, for commander. */
export function id(value: string): string {
  const read = parseUuid(value);
  if (read === undefined)
    throw new InvalidArgumentError('expected an id such as 72877001-6012-4921-bdd2-3ff17043083e.');
  return read;
}
