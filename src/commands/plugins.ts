import type { Command } from 'commander';
import type { Config } from '../config/schema.js';
import { CommandError, type Io } from './io.js';
import { addConfigOptions, configOf } from './options.js';
import { runService, type RunningService } from './run-service.js';
import { withLog } from './with-log.js';

/** Adds `hostscore plugins`, which serves the old Python plugins of a folder over gRPC. */
export function addPluginsCommand(program: Command, io: Io): void {
  const command = addConfigOptions(program.command('plugins'))
    .description('serve old Python plugins of ovirt-scheduler-proxy over gRPC')
    .option('--dir <folder>', 'folder of the plugins; plugins.dir when it is not given')
    .action(({ dir }: { readonly dir?: string }) => plugins(configOf(command.opts(), io), dir, io));
}

async function plugins(config: Config, dir: string | undefined, io: Io): Promise<void> {
  const folder = dir ?? config.plugins.dir;
  if (folder === undefined) throw new CommandError('--dir: is required: the folder of the plugins');
  const parts = { local: false, plugins: folder, services: [], grpc: true, bridge: false };
  await withLog(config.log, io, (log) =>
    runService(config, parts, log, io, (service) => lines(folder, service)),
  );
}

/** Returns a line about the units served, and one for each problem with plugins. Rejects with a CommandError when none can run. */
async function lines(folder: string, { address = '', backend }: RunningService): Promise<string[]> {
  const host = await backend.pluginHost;
  if (host === undefined) return [];
  const failure = host.failure();
  if (failure !== undefined) throw new CommandError(failure.message);
  const { units } = await host.listPolicyUnits({
    requestId: 'start',
    signal: new AbortController().signal,
    deadline: Infinity,
  });
  return [
    `Serves ${units.length} units of the plugins in ${folder} at ${address}.`,
    ...host.problems().map(({ file, reason }) => `  ${file}: ${reason}`),
  ];
}
