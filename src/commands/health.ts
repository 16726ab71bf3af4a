import type { Command } from 'commander';
import { addClientOptions, withClient, type ClientOptions } from './client.js';
import { CommandError, print, type Io } from './io.js';

/** Adds `hostscore health`, which asks grpc.health.v1 and ends with an error unless the server is SERVING. */
export function addHealthCommand(program: Command, io: Io): void {
  addClientOptions(program.command('health'))
    .description('ask whether a server can answer; for container probes')
    .action((options: ClientOptions) => health(options, io));
}

async function health(options: ClientOptions, io: Io): Promise<void> {
  const { status, target } = await withClient(options, io, async ({ client, target, call }) => ({
    status: await client.health('', call),
    target,
  }));
  if (status !== 'SERVING') throw new CommandError(`${target} is ${status}`);
  print(io, status);
}
