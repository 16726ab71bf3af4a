import { redact } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { createLog } from '../process/log.js';
import { checkEngine } from './check-engine.js';
import { checkPlugins, checkService } from './check-services.js';
import { CommandError, print, type Io } from './io.js';

/**
 * `hostscore check`: prints the effective configuration, reads the engine once, lists the units of each service and imports
 * the plugins, and says what is wrong and what to do.
 */
export async function check(config: Config, io: Io): Promise<void> {
  print(io, '# effective configuration', redact(config).trimEnd(), '');
  const { engine, services, plugins } = config;
  const { dir } = plugins;
  const log = createLog({ ...config.log, level: 'warn', stream: io.stderr });
  if (engine.url === undefined && services.length === 0 && dir === undefined) {
    throw new CommandError('engine.url: is not set, so there is no engine to try; serve would stop here');
  }
  const checks: (() => Promise<string>)[] = [
    ...(engine.url === undefined ? [] : [() => checkEngine(config, log, io.signal)]),
    ...services.map((service, index) => () => checkService(service, index, io.signal)),
    ...(dir === undefined ? [] : [() => checkPlugins(config, dir, log, io)]),
  ];
  const wrong: string[] = [];
  for (const run of checks) {
    try {
      print(io, await run());
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      wrong.push(error.message);
    }
  }
  if (wrong.length > 0) throw new CommandError(wrong.join('\n'));
}
