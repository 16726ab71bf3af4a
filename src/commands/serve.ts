import type { Config } from '../config/schema.js';
import { createLog, type Log } from '../process/log.js';
import { SIMULATOR_ACCOUNT, startSimulator, type Simulator } from '../simulator/simulator.js';
import type { Io } from './io.js';
import { runService } from './run-service.js';
import { worldOf } from './world-option.js';

/** How `serve` differs from what the configuration says. */
export interface ServeOptions {
  /** Use the embedded engine when no engine is configured. */
  readonly demo: boolean;
  /** World of the embedded engine. */
  readonly world: string;
}

/** `hostscore serve`: runs the scoring service, and the bridge, until the process is asked to end. */
export async function serve(config: Config, options: ServeOptions, io: Io): Promise<void> {
  const log = createLog({ ...config.log, stream: io.stderr });
  const embedded =
    options.demo && config.engine.url === undefined ? await embedEngine(options.world, log) : undefined;
  try {
    const effective = embedded === undefined ? config : withEngine(config, embedded);
    // Without an engine, the services and plugins that are configured answer alone.
    const { engine, services, plugins, bridge } = effective;
    const alone = services.length === 0 && plugins.dir === undefined;
    const parts = { plugins: plugins.dir, services, grpc: true, bridge: bridge.enabled };
    const local = engine.url !== undefined || alone;
    await runService(effective, { ...parts, local, variables: io.variables }, log, io);
  } finally {
    await embedded?.close();
  }
}

async function embedEngine(world: string, log: Log): Promise<Simulator> {
  const simulator = await startSimulator({ world: worldOf(world), log });
  log.warn('no engine configured: using the embedded one', { world, url: simulator.url });
  return simulator;
}

function withEngine(config: Config, { url }: Simulator): Config {
  return { ...config, engine: { ...config.engine, ...SIMULATOR_ACCOUNT, passwordFile: undefined, url } };
}
