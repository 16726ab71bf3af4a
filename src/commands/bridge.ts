import type { Command } from 'commander';
import type { Config } from '../config/schema.js';
import type { Io } from './io.js';
import { addConfigOptions } from './options.js';
import { runService } from './run-service.js';
import { addDaemonAction } from './with-log.js';

/** Adds `hostscore bridge`, which answers the engine's XML-RPC calls out of scoring services and plugins. */
export function addBridgeCommand(program: Command, io: Io): void {
  const command = addConfigOptions(program.command('bridge')).description(
    "answer an oVirt engine's external-scheduler calls out of scoring services and plugins",
  );
  const partsOf = ({ services, plugins }: Config) => {
    return { local: false, plugins: plugins.dir, services, grpc: false, bridge: true };
  };
  addDaemonAction(command, io, (config, log, readAgain) =>
    runService(config, { partsOf, readAgain }, log, io),
  );
}
