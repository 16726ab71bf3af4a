import type { Command } from 'commander';
import type { Config } from '../config/schema.js';
import type { Io } from './io.js';
import { addConfigOptions, configOf } from './options.js';
import { runService } from './run-service.js';
import { withLog } from './with-log.js';

/** Adds `hostscore bridge`, which answers the engine's XML-RPC calls out of scoring services and plugins. */
export function addBridgeCommand(program: Command, io: Io): void {
  const command = addConfigOptions(program.command('bridge'))
    .description("answer an oVirt engine's external-scheduler calls out of scoring services")
    .action(() => bridge(configOf(command.opts(), io), io));
}

async function bridge(config: Config, io: Io): Promise<void> {
  const { services, plugins } = config;
  const parts = { local: false, plugins: plugins.dir, services, grpc: false, bridge: true };
  await withLog(config.log, io, (log) => runService(config, parts, log, io));
}
