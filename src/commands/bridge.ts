import type { Config } from '../config.js';
import { createLog } from '../log.js';
import type { Io } from './io.js';
import { runService } from './run-service.js';

/** `hostscore bridge`: answers the engine's XML-RPC calls out of remote scoring services, until it is asked to end. */
export async function bridge(config: Config, io: Io): Promise<void> {
  const log = createLog({ ...config.log, stream: io.stderr });
  await runService(config, { local: false, grpc: false, bridge: true }, log, io);
}
