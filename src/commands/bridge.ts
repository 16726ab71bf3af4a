import type { Config } from '../config/schema.js';
import { createLog } from '../process/log.js';
import type { Io } from './io.js';
import { runService } from './run-service.js';

/** `hostscore bridge`: answers the engine's XML-RPC calls out of scoring services and plugins, until it is asked to end. */
export async function bridge(config: Config, io: Io): Promise<void> {
  const log = createLog({ ...config.log, stream: io.stderr });
  const { services, plugins } = config;
  const parts = { local: false, plugins: plugins.dir, services, grpc: false, bridge: true };
  await runService(config, { ...parts, variables: io.variables }, log, io);
}
