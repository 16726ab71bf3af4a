import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { ConfigError } from '../config/load.js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { createRpcClient, type RpcClient } from '../rpc/client.js';
import type { Io } from './io.js';
import { milliseconds } from './milliseconds-option.js';
import { readConfiguredFile } from './read-file.js';

/** Which server a client command calls, and how. */
export interface ClientOptions {
  readonly server: string;
  readonly timeout: number;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/** Adds what every client command takes. */
export function addClientOptions(command: Command): Command {
  return command
    .option('--server <target>', 'gRPC target of the service', '127.0.0.1:50051')
    .option(
      '--timeout <ms>',
      'longest wait for the answer, in milliseconds',
      milliseconds,
      DEFAULT_TIMEOUT_MS,
    )
    .option('--ca <file>', 'PEM file of the authority to trust; any of the three calls over TLS')
    .option('--cert <file>', 'PEM file of the certificate to show to the server')
    .option('--key <file>', 'PEM file of its private key');
}

/** Opens a client, runs with it, and closes it. The call ends when the time is up or the process is asked to end. */
export async function withClient<Result>(
  options: ClientOptions,
  io: Io,
  run: (client: RpcClient, call: Call) => Promise<Result>,
): Promise<Result> {
  const client = openClient(options);
  try {
    return await run(client, {
      requestId: randomUUID(),
      signal: io.signal,
      deadline: Date.now() + options.timeout,
    });
  } finally {
    client.close();
  }
}

function openClient({ server, ca, cert, key }: ClientOptions): RpcClient {
  const tls = {
    ...(ca === undefined ? {} : { ca: readConfiguredFile('--ca', ca) }),
    ...(cert === undefined ? {} : { cert: readConfiguredFile('--cert', cert) }),
    ...(key === undefined ? {} : { key: readConfiguredFile('--key', key) }),
  };
  try {
    return createRpcClient({ target: server, ...(Object.keys(tls).length === 0 ? {} : { tls }) });
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    throw new ConfigError(`--server, --ca, --cert, --key: ${error.message}`);
  }
}
