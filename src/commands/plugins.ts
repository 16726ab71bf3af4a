import type { Command } from 'commander';
import { ConfigError } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { CommandError, type Io } from './io.js';
import { addConfigOptions } from './options.js';
import { runService, type Announcement, type RunningService } from './run-service.js';
import { addDaemonAction } from './with-log.js';

/** Adds `hostscore plugins`, which serves the old Python plugins of a folder over gRPC. */
export function addPluginsCommand(program: Command, io: Io): void {
  const command = addConfigOptions(program.command('plugins'))
    .description('serve old Python plugins of ovirt-scheduler-proxy over gRPC')
    .option('--dir <folder>', 'folder of the plugins; plugins.dir when it is not given');
  const folderOf = ({ plugins }: Config) => {
    const folder = command.opts<{ readonly dir?: string }>().dir ?? plugins.dir;
    if (folder === undefined) throw new ConfigError('--dir: is required: the folder of the plugins');
    return folder;
  };
  const partsOf = (config: Config) => {
    return { local: false, plugins: folderOf(config), services: [], grpc: true, bridge: false };
  };
  addDaemonAction(command, io, (config, log, readAgain) =>
    runService(config, { partsOf, readAgain }, log, io, (service) =>
      announcementOf(folderOf(config), service),
    ),
  );
}

/** Tells how many units are served, and each problem with plugins. Rejects with a CommandError when none can run. */
async function announcementOf(
  folder: string,
  { address = '', backend }: RunningService,
): Promise<Announcement | undefined> {
  const host = await backend.pluginHost;
  if (host === undefined) return undefined;
  const failure = host.failure();
  if (failure !== undefined) throw new CommandError(failure.message);
  const { units } = await host.listPolicyUnits({
    requestId: 'start',
    signal: new AbortController().signal,
    deadline: Infinity,
  });
  const lines = [
    `Serves ${units.length} units of the plugins in ${folder} at ${address}.`,
    ...host.problems().map(({ file, reason }) => `  ${file}: ${reason}`),
  ];
  return { lines, facts: { grpc: address, folder, units: units.length, problems: host.problems().length } };
}
