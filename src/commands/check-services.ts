import { randomUUID } from 'node:crypto';
import { LIST_TIMEOUT_MS } from '../composite/health-checker.js';
import type { ServiceConfig } from '../config/services.js';
import type { Config } from '../config/schema.js';
import { SchedulingError } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import { CommandError, type Io } from './io.js';
import { openPlugins } from './open-plugins.js';
import { openServiceClient } from './open-service-client.js';

/** Lists the units of one configured service and says how many there are. Rejects with a CommandError that names it. */
export async function checkService(
  service: ServiceConfig,
  index: number,
  signal: AbortSignal,
): Promise<string> {
  const client = openServiceClient(service, index);
  const deadline = Date.now() + LIST_TIMEOUT_MS;
  try {
    const { units } = await client.listPolicyUnits({ requestId: randomUUID(), signal, deadline });
    return `service ${service.name}: ok: ${unitsOf(units.map(({ name }) => name))}`;
  } catch (error) {
    throw new CommandError(`service ${service.name}: ${SchedulingError.from(error).message}`);
  } finally {
    client.close();
  }
}

/** Imports the plugins of a folder and says which units they are, and what is wrong with others. */
export async function checkPlugins(config: Config, dir: string, log: Log, io: Io): Promise<string> {
  const plugins = openPlugins(config, dir, { log, variables: io.variables });
  try {
    const host = await plugins.started;
    const call = { requestId: randomUUID(), signal: io.signal, deadline: Infinity };
    const { units } = await host.listPolicyUnits(call);
    const problems = host.problems().map(({ file, reason }) => `\n  ${file}: ${reason}`);
    return `plugins: ok: ${unitsOf(units.map(({ name }) => name))}${problems.join('')}`;
  } finally {
    await plugins.close();
  }
}

function unitsOf(names: readonly string[]): string {
  return names.length === 0 ? 'no units' : `${names.length} units: ${[...new Set(names)].join(', ')}`;
}
