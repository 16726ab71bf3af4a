import type { Command } from 'commander';
import { loadConfig, settings } from '../config/load.js';
import type { Config } from '../config/schema.js';
import type { Io } from './io.js';

/** Adds `--config` and one flag for each setting of the configuration to a command. */
export function addConfigOptions(command: Command): Command {
  command.option('--config <file>', 'YAML file with the configuration (HOSTSCORE_CONFIG)');
  for (const { flag, variable, description } of settings) {
    if (flag !== undefined) command.option(`${flag} <value>`, `${description} (${String(variable)})`);
  }
  command.addHelpText(
    'after',
    '\nThe password of the engine comes from --engine-password-file or HOSTSCORE_ENGINE_PASSWORD.',
  );
  return command;
}

/** Reads the configuration of a command: file, then variables, then flags. Throws a ConfigError. */
export function configOf(command: Command, io: Io): Config {
  const options: Readonly<Record<string, unknown>> = command.opts();
  const flags: Record<string, string> = {};
  for (const { path, flag } of settings) {
    const value = flag === undefined ? undefined : options[optionName(flag)];
    if (typeof value === 'string') flags[path] = value;
  }
  const named = typeof options['config'] === 'string' ? options['config'] : io.variables['HOSTSCORE_CONFIG'];
  const file = named === '' ? undefined : named;
  return loadConfig({ file, variables: io.variables, flags });
}

/** The name under which commander keeps a flag: `--engine-ca-file` as `engineCaFile`. */
function optionName(flag: string): string {
  return flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
