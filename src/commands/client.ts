import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { ConfigError } from '../config/load.js';
import type { Config } from '../config/schema.js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import { formatAddress, type Address, type SocketPath } from '../lib/address.js';
import { followToken } from '../process/tokens.js';
import { createRpcClient, type RpcClient } from '../rpc/client.js';
import type { ClientTls } from '../rpc/tls.js';
import { openConfigured, readConfiguredFile, type Io } from './io.js';
import { addConfigFileOption, addTimeoutOption, configOf } from './options.js';

/** Options that say how a server is reached. */
export interface AccessOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly tokenFile?: string;
}

/** Options that say where a server is, and how it is reached. */
export interface ServerOptions extends AccessOptions {
  /** File of the configuration that says where the server is, when `server` doesn't. */
  readonly config?: string;
  readonly server?: string;
}

/** Options of every command that calls a server. */
export interface ClientOptions extends ServerOptions {
  /** Longest wait for the answer: milliseconds. */
  readonly timeout: number;
}

/** Longest wait for the answer of a server by default: milliseconds. */
export const SERVER_TIMEOUT_MS = 10_000;

/** Adds what every client command takes. */
export function addClientOptions(command: Command): Command {
  return addTimeoutOption(addServerOptions(command), SERVER_TIMEOUT_MS);
}

/** Adds what says where a server is, and how it is reached. */
export function addServerOptions(command: Command): Command {
  return addAccessOptions(
    addConfigFileOption(command).option(
      '--server <target>',
      'gRPC target of the service; server.listen of the configuration when it is not given',
    ),
  );
}

/** Adds what a server may want to see of its caller, and the caller of the server. */
export function addAccessOptions(command: Command): Command {
  return command
    .option('--ca <file>', 'PEM file of the authority to trust; any of the three calls over TLS')
    .option('--cert <file>', 'PEM file of the certificate to show to the server')
    .option('--key <file>', 'PEM file of its private key')
    .option('--token-file <file>', 'file of the token to show to it; sent over TLS or to this machine');
}

/** Calls one server. */
export interface Caller {
  readonly client: RpcClient;
  /** Address of the server, as a message names it. */
  readonly target: string;
  /** Facts of every call: it ends when the time is up or the process is asked to end, and leaves nothing behind. */
  readonly call: Call;
}

/** Opens a client, runs with it, and closes it. */
export async function withClient<Result>(
  options: ClientOptions,
  io: Io,
  run: (caller: Caller) => Promise<Result>,
): Promise<Result> {
  const { server } = options;
  const where = server === undefined ? configuredServer(configOf({ ...options }, io)) : { target: server };
  const client = openClient({ ...where, ...options });
  const deadline = Date.now() + options.timeout;
  const call = { requestId: randomUUID(), signal: io.signal, deadline, dryRun: true };
  try {
    return await run({ client, target: where.target, call });
  } finally {
    client.close();
  }
}

/** Address of a server, and the certificate that proves it. */
interface ServerPlace {
  readonly target: string;
  /** File of the certificate that it has to show. */
  readonly serverCert?: string;
}

/** An address that means every one of the machine is called at loopback. */
const LOOPBACK_OF: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Returns where a server with this configuration is called from the same machine. Throws a ConfigError for port 0. */
export function configuredServer({ server: { listen, tlsCertFile } }: Config): ServerPlace {
  const target = formatAddress(localAddress('server.listen', listen, '; pass --server'));
  return tlsCertFile === undefined ? { target } : { target, serverCert: tlsCertFile };
}

/** Returns where a server that listens there is called from the same machine. Throws a ConfigError for port 0. */
export function localAddress<Place extends Address | SocketPath>(
  setting: string,
  listen: Place,
  remedy = '',
): Place {
  if ('path' in listen) return listen;
  if (listen.port === 0) {
    throw new ConfigError(`${setting}: port 0 does not tell where the server is${remedy}`);
  }
  return { ...listen, host: LOOPBACK_OF[listen.host] ?? listen.host };
}

/** Opens a client; what the command line says of TLS wins over what is known of the server. Throws a ConfigError. */
export function openClient({ target, tokenFile, ...files }: ServerPlace & AccessOptions): RpcClient {
  const tls = clientTls(files);
  const token =
    tokenFile === undefined ? undefined : openConfigured(() => followToken('--token-file', tokenFile));
  try {
    return createRpcClient({ target, tls, token });
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    throw new ConfigError(`--server, --token-file, --ca, --cert, --key: ${error.message}`);
  }
}

/** Reads the TLS material that the command line names; undefined, for plain text, when it names none. Throws a ConfigError. */
export function clientTls({
  serverCert,
  ca,
  cert,
  key,
}: Pick<ServerPlace, 'serverCert'> & AccessOptions): ClientTls | undefined {
  const files = {
    ca: readConfiguredFile('--ca', ca),
    serverCert: readConfiguredFile('server.tlsCertFile', ca === undefined ? serverCert : undefined),
    cert: readConfiguredFile('--cert', cert),
    key: readConfiguredFile('--key', key),
  };
  return Object.values(files).some((file) => file !== undefined) ? files : undefined;
}
