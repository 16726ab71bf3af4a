import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { createRequire } from 'node:module';
import { parseAddress, type Address } from '../lib/address.js';
import { LOG_FORMATS, LOG_LEVELS, type LogOptions } from '../process/log.js';
import { bridge } from './bridge.js';
import { addCallCommand } from './call.js';
import { check } from './check.js';
import { addConfigOptions, configOf } from './config-options.js';
import { health } from './health.js';
import { CommandError, type Io } from './io.js';
import { addClientOptions, type ClientOptions } from './open-client.js';
import { id, ids, property, weightedUnit } from './score-options.js';
import { score, type ScoreOptions } from './score.js';
import { plugins } from './plugins.js';
import { forgetRemembered, listRemembered, unitToForget } from './remembered-units.js';
import { serve, type ServeOptions } from './serve.js';
import { simulate } from './simulate.js';
import { units } from './units.js';
import { WORLD_HELP } from './world-option.js';

/** The command line was wrong, and why was already printed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Options of `hostscore units`. */
type UnitsOptions = ClientOptions & {
  readonly json?: boolean;
  readonly remembered?: boolean;
  readonly forget?: ReturnType<typeof unitToForget>;
  readonly service?: string;
};

/** Runs the command that the arguments name, until it is done. Throws a UsageError, or what the command throws. */
export async function runProgram(args: readonly string[], io: Io): Promise<void> {
  const program = new Command('hostscore')
    .description('Scores, filters and balances the hosts of an oVirt engine.')
    .version(versionOf())
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .exitOverride();

  const serveCommand = addConfigOptions(program.command('serve'))
    .description('run the scoring service, and the bridge for an oVirt engine')
    .option('--demo', 'use the embedded engine when no engine is configured', false)
    .option('--world <world>', `world of the embedded engine: ${WORLD_HELP}`, 'demo')
    .action((options: ServeOptions) => serve(configOf(serveCommand, io), options, io));

  const bridgeCommand = addConfigOptions(program.command('bridge'))
    .description("answer an oVirt engine's external-scheduler calls out of scoring services")
    .action(() => bridge(configOf(bridgeCommand, io), io));

  const pluginsCommand = addConfigOptions(program.command('plugins'))
    .description('serve old Python plugins of ovirt-scheduler-proxy over gRPC')
    .option('--dir <folder>', 'folder of the plugins; plugins.dir when it is not given')
    .action(({ dir }: { dir?: string }) => plugins(configOf(pluginsCommand, io), dir, io));

  const checkCommand = addConfigOptions(program.command('check'))
    .description('print the effective configuration and try the engine')
    .action(() => check(configOf(checkCommand, io), io));

  program
    .command('simulate')
    .description('run a pretend engine on loopback')
    .option('--world <world>', WORLD_HELP, 'demo')
    .option('--listen <host:port>', 'where it listens; port 0 lets the system choose', addressOption, {
      host: '127.0.0.1',
      port: 8080,
    })
    .addOption(new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS).default('warn'))
    .addOption(new Option('--log-format <format>', 'how it is logged').choices(LOG_FORMATS).default('text'))
    .action(
      (options: {
        world: string;
        listen: Address;
        logLevel: LogOptions['level'];
        logFormat: LogOptions['format'];
      }) => {
        const { world, listen, logLevel, logFormat } = options;
        return simulate({ world, listen, log: { level: logLevel, format: logFormat } }, io);
      },
    );

  const listUnits = addClientOptions(program.command('units'))
    .description('list the policy units of a server, or what is remembered of those of services')
    .option('--json', 'print JSON')
    .option('--remembered', 'list the units that are remembered in state.dir')
    .option('--forget <type/name>', 'forget a remembered unit, such as score/old_unit', unitToForget)
    .option('--service <name>', 'with --forget: of this service only')
    .option('--state-dir <value>', 'folder of what is remembered (HOSTSCORE_STATE_DIR)')
    .option('--config <file>', 'YAML file with the configuration (HOSTSCORE_CONFIG)')
    .action((options: UnitsOptions) => {
      const { forget, service, remembered, json } = options;
      if (forget !== undefined) return forgetRemembered(configOf(listUnits, io), { ...forget, service }, io);
      if (service !== undefined) throw new CommandError('--service goes together with --forget');
      return remembered === true
        ? listRemembered(configOf(listUnits, io), { json: json === true }, io)
        : units(options, io);
    });

  addClientOptions(program.command('score'))
    .description('score hosts for a VM and rank them, with reasons')
    .requiredOption('--vm <id>', 'VM to schedule', id)
    .option('--host <id>', 'host to score, repeatable; all hosts that are up when none is named', ids)
    .option(
      '--unit <name[=weight]>',
      'unit to run, repeatable; every score unit when none is named',
      weightedUnit,
    )
    .option('--property <key=value>', 'property of the scheduling policy, repeatable', property)
    .option('--json', 'print JSON')
    .action((options: ScoreOptions) => score(options, io));

  addClientOptions(program.command('health'))
    .description('ask whether a server can answer; for container probes')
    .action((options: ClientOptions) => health(options, io));

  addCallCommand(program, io);

  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new UsageError(error.message);
  }
}

function addressOption(value: string): Address {
  const address = parseAddress(value);
  if (address === undefined) throw new InvalidArgumentError('expected host:port.');
  return address;
}

function versionOf(): string {
  const manifest: unknown = createRequire(import.meta.url)('../../package.json');
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : '';
  return String(version);
}
