import type { Command } from 'commander';
import type { Config } from '../config/schema.js';
import type { LevelLog, Log } from '../process/log.js';
import { SIMULATOR_ACCOUNT, startSimulator, type Simulator } from '../simulator/simulator.js';
import type { Io } from './io.js';
import { runService, type ServiceParts } from './run-service.js';
import { addConfigOptions } from './options.js';
import { WORLD_HELP, worldOf } from './simulate.js';
import { addDaemonAction } from './with-log.js';

/** Options of `serve` beyond the configuration. */
interface ServeOptions {
  /** Use the embedded engine when no engine is configured. */
  readonly demo: boolean;
  /** World of the embedded engine. */
  readonly world: string;
}

const EXAMPLES = `
Examples:
  hostscore serve --demo
      Scores the hosts of an engine that is built in.
  HOSTSCORE_ENGINE_PASSWORD=... hostscore serve --engine-username hostscore@internal \\
      --engine-url https://engine.example.com/ovirt-engine --engine-ca-file ca.pem
      Scores the hosts of an engine, over gRPC and for the engine itself.
  hostscore serve --config hostscore.yaml --services fast=scorer.example.com:50051
      Asks another scoring service too.
  hostscore serve --inventory-from reader.example.com:50051
      Scores the hosts that another service reads from the engine, as one of its replicas.
  hostscore check --config hostscore.yaml
      Says what serve would do with this configuration, and what is wrong.`;

/** Adds `hostscore serve`, which runs the scoring service, and the bridge, until the process is asked to end. */
export function addServeCommand(program: Command, io: Io): void {
  const command = program
    .command('serve')
    .description('run the scoring service, and the bridge for an oVirt engine')
    .option('--demo', 'use the embedded engine when no engine is configured', false)
    .option('--world <world>', `world of the embedded engine: ${WORLD_HELP}`, 'demo');
  addConfigOptions(command).addHelpText('after', EXAMPLES);
  addDaemonAction(command, io, (config, log, readAgain) =>
    serve(config, command.opts<ServeOptions>(), log, io, readAgain),
  );
}

async function serve(
  config: Config,
  options: ServeOptions,
  log: LevelLog,
  io: Io,
  readAgain: () => Config,
): Promise<void> {
  const { demo, world } = options;
  const hasUrl = config.engine.url !== undefined;
  const isConfigured = hasUrl || config.inventory.from !== undefined;
  const embedded = demo && !isConfigured ? await embedEngine(world, log) : undefined;
  if (demo && isConfigured) {
    const setting = hasUrl ? 'engine.url' : 'inventory.from';
    log.warn('embedded engine not used', {
      reason: `--demo: ${setting} is set`,
      remedy: `unset ${setting}, or leave out --demo`,
    });
  }
  const effective = (read: Config) =>
    embedded === undefined || read.engine.url !== undefined ? read : withEngine(read, embedded);
  try {
    const plan = { partsOf, readAgain: () => effective(readAgain()) };
    await runService(effective(config), plan, log, io);
  } finally {
    await embedded?.close();
  }
}

function partsOf({ engine, inventory, services, plugins, bridge }: Config): ServiceParts {
  // Without an engine, the services and plugins that are configured answer alone.
  const alone = services.length === 0 && plugins.dir === undefined;
  const local = engine.url !== undefined || inventory.from !== undefined || alone;
  return { local, plugins: plugins.dir, services, grpc: true, bridge: bridge.enabled };
}

async function embedEngine(world: string, log: Log): Promise<Simulator> {
  const simulator = await startSimulator({ world: worldOf(world), log });
  log.warn('no engine configured: using the embedded one', { world, url: simulator.url });
  return simulator;
}

function withEngine(config: Config, { url }: Simulator): Config {
  return { ...config, engine: { ...config.engine, ...SIMULATOR_ACCOUNT, passwordFile: undefined, url } };
}
