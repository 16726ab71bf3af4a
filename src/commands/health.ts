import { get } from 'node:http';
import type { Command } from 'commander';
import type { Config } from '../config/schema.js';
import { ConfigError } from '../config/load.js';
import { formatAddress } from '../lib/address.js';
import { reasonOf } from '../lib/text.js';
import { addClientOptions, localAddress, withClient, type ClientOptions } from './client.js';
import { CommandError, print, type Io } from './io.js';
import { configOf } from './options.js';

/** Options of `hostscore health`. */
interface HealthOptions extends ClientOptions {
  readonly live?: true;
  readonly json?: boolean;
}

/** Adds `hostscore health`, which ends with an error unless the server is SERVING, or unless it lives. */
export function addHealthCommand(program: Command, io: Io): void {
  addClientOptions(program.command('health'))
    .option('--live', 'ask only whether the process lives: GET /livez at ops.listen of the configuration')
    .description('ask whether a server can answer; for container probes')
    .option('--json', 'print JSON')
    .action((options: HealthOptions) =>
      options.live === true ? live(configOf({ ...options }, io), options, io) : health(options, io),
    );
}

async function health(options: HealthOptions, io: Io): Promise<void> {
  const { status, target } = await withClient(options, io, async ({ client, target, call }) => ({
    status: await client.health('', call),
    target,
  }));
  if (options.json === true) print(io, JSON.stringify({ status }));
  if (status !== 'SERVING') throw new CommandError(`${target} is ${status}`);
  if (options.json !== true) print(io, status);
}

async function live({ ops }: Config, { timeout }: HealthOptions, io: Io): Promise<void> {
  if (!ops.enabled) throw new ConfigError('ops.enabled: is false, so there is no /livez to ask');
  const url = `http://${formatAddress(localAddress('ops.listen', ops.listen))}/livez`;
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(timeout)]);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    get(url, { signal }, (response) => resolve(response.resume().statusCode)).on('error', reject);
  }).catch((error: unknown) => {
    throw new CommandError(`ops.listen: ${url}: ${reasonOf(signal.aborted ? signal.reason : error)}`);
  });
  if (status !== 200) throw new CommandError(`ops.listen: ${url}: HTTP ${String(status)}`);
  print(io, 'alive');
}
