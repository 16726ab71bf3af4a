import { Option, type Command } from 'commander';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { ConfigError } from '../config/load.js';
import { SchedulingError } from '../domain/errors.js';
import { formatAddress, type Address } from '../lib/address.js';
import { LOG_FORMATS, LOG_LEVELS, type Log, type LogOptions } from '../process/log.js';
import { demoWorld } from '../simulator/demo-world.js';
import { generatedWorld } from '../simulator/generated-world.js';
import { recordedWorld } from '../simulator/recorded-world.js';
import { SIMULATOR_ACCOUNT, startSimulator } from '../simulator/simulator.js';
import type { World } from '../simulator/world.js';
import { print, type Io } from './io.js';
import { address } from './options.js';
import { withLog } from './with-log.js';

/** Options of `hostscore simulate`. */
interface SimulateOptions {
  readonly world: string;
  readonly listen: Address;
  readonly logLevel: LogOptions['level'];
  readonly logFormat: LogOptions['format'];
}

const DEFAULT_LISTEN: Address = { host: '127.0.0.1', port: 8080 };

/** Adds `hostscore simulate`, which runs a pretend engine until the process is asked to end. */
export function addSimulateCommand(program: Command, io: Io): void {
  program
    .command('simulate')
    .description('run a pretend engine on loopback')
    .option('--world <world>', WORLD_HELP, 'demo')
    .addOption(
      new Option('--listen <host:port>', 'where it listens; port 0 lets the system choose')
        .argParser(address)
        .default(DEFAULT_LISTEN, formatAddress(DEFAULT_LISTEN)),
    )
    .addOption(new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS).default('warn'))
    .addOption(new Option('--log-format <format>', 'how it is logged').choices(LOG_FORMATS).default('text'))
    .action((options: SimulateOptions) =>
      withLog({ level: options.logLevel, format: options.logFormat }, io, (log) =>
        simulate(options, log, io),
      ),
    );
}

async function simulate({ world, listen, logFormat }: SimulateOptions, log: Log, io: Io): Promise<void> {
  const simulator = await startSimulator({ world: worldOf(world), log, ...listen });
  try {
    if (logFormat === 'text') {
      print(
        io,
        `A pretend engine at ${simulator.url}: ${simulator.world.hosts.size} hosts, ${simulator.world.vms.size} VMs. Score its hosts with:`,
        '',
        `  HOSTSCORE_ENGINE_PASSWORD=${SIMULATOR_ACCOUNT.password} hostscore serve --engine-username ${SIMULATOR_ACCOUNT.username} --engine-url ${simulator.url}`,
        '',
        `Start, stop and migrate its VMs, and switch faults on, at ${simulator.controlUrl} (docs/simulator.md).`,
      );
    }
    if (!io.signal.aborted) await once(io.signal, 'abort');
  } finally {
    await simulator.close();
  }
}

/** Values of `--world`, for help texts. */
export const WORLD_HELP =
  'demo; HOSTSxVMS or HOSTSxVMS:SEED for a generated one, such as 1000x20000:7; or a folder of recorded answers';

/** Makes the world that `--world` names. Throws a ConfigError when it names none, or one that can't be made. */
export function worldOf(text: string): World {
  try {
    return makeWorld(text);
  } catch (error) {
    if (error instanceof SchedulingError) throw new ConfigError(`--world ${text}: ${error.message}`);
    throw error;
  }
}

function makeWorld(text: string): World {
  if (text === 'demo') return demoWorld();
  const groups = /^(?<hosts>\d+)x(?<vms>\d+)(?::(?<seed>\d+))?$/.exec(text)?.groups;
  if (groups !== undefined) {
    return generatedWorld({
      hosts: Number(groups['hosts']),
      vms: Number(groups['vms']),
      seed: Number(groups['seed'] ?? 1),
    });
  }
  if (!statSync(text, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ConfigError(`--world: expected ${WORLD_HELP}; got ${JSON.stringify(text)}`);
  }
  return recordedWorld(text);
}
