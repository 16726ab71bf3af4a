import type { Config } from '../config/schema.js';
import { createLog } from '../process/log.js';
import { CommandError, type Io } from './io.js';
import { runService } from './run-service.js';
import type { RunningService } from './start-service.js';

/** `hostscore plugins`: serves the old Python plugins of a folder over gRPC until the process is asked to end. */
export async function plugins(config: Config, dir: string | undefined, io: Io): Promise<void> {
  const log = createLog({ ...config.log, stream: io.stderr });
  const folder = dir ?? config.plugins.dir;
  if (folder === undefined) throw new CommandError('--dir: is required: the folder of the plugins');
  const parts = { local: false, plugins: folder, services: [], grpc: true, bridge: false };
  await runService(config, { ...parts, variables: io.variables }, log, io, (service) =>
    lines(folder, service),
  );
}

/** What is served, and what is wrong with plugins. */
async function lines(folder: string, { address = '', pluginHost }: RunningService): Promise<string[]> {
  const host = await pluginHost;
  if (host === undefined) return [];
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
