import { once } from 'node:events';
import { redact } from '../config-sources.js';
import type { Config } from '../config.js';
import { SchedulingError } from '../errors.js';
import { createLog } from '../log.js';
import { CommandError, print, type Io } from './io.js';
import { openEngineClient, openInventory } from './open-engine.js';

/** `hostscore check`: prints the effective configuration, reads the engine once, and says what is wrong and what to do. */
export async function check(config: Config, io: Io): Promise<void> {
  print(io, '# effective configuration', redact(config).trimEnd(), '');
  if (config.engine.url === undefined) {
    throw new CommandError('engine.url: is not set, so there is no engine to try; serve would stop here');
  }
  const log = createLog({ ...config.log, level: 'warn', stream: io.stderr });
  const client = openEngineClient(config, log);
  const inventory = openInventory(config, client, log);
  try {
    inventory.start();
    const snapshot = await Promise.race([inventory.ready(), rejectionAt(io.signal)]);
    const up = snapshot.hosts.filter(({ status }) => status === 'up').length;
    const vms = snapshot.hosts.reduce((sum, host) => sum + host.vms.length, 0);
    print(io, `engine: ok: ${snapshot.hosts.length} hosts, ${up} of them up, ${vms} running VMs`);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`engine: ${SchedulingError.from(error).message}`);
  } finally {
    await inventory.close();
    await client.close();
  }
}

async function rejectionAt(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw new CommandError('engine: stopped before it answered');
}
