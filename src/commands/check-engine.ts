import { once } from 'node:events';
import type { Config } from '../config/schema.js';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import { CommandError } from './io.js';
import { openEngineClient, openInventory } from './open-engine.js';

/** Reads the engine once and says what it shows. Rejects with a CommandError that says what is wrong and what to do. */
export async function checkEngine(config: Config, log: Log, signal: AbortSignal): Promise<string> {
  const client = openEngineClient(config, log);
  const inventory = openInventory(config, client, log);
  try {
    inventory.start();
    const snapshot = await Promise.race([inventory.ready(), rejectionAt(signal)]);
    const up = snapshot.hosts.filter(({ status }) => status === 'up').length;
    const vms = snapshot.hosts.reduce((sum, host) => sum + host.vms.length, 0);
    return `engine: ok: ${snapshot.hosts.length} hosts, ${up} of them up, ${vms} running VMs`;
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
