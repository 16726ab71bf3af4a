import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { get as getOverTls } from 'node:https';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import type { Config } from '../config/schema.js';
import { ConfigError } from '../config/load.js';
import { formatAddress, type Address, type SocketPath } from '../lib/address.js';
import { reasonOf } from '../lib/text.js';
import { clientContext } from '../rpc/tls.js';
import { addClientOptions, localAddress, withClient, type ClientOptions } from './client.js';
import { CommandError, print, readConfiguredFile, type Io } from './io.js';
import { configOf } from './options.js';

/** Options of `hostscore health`. */
interface HealthOptions extends ClientOptions {
  readonly live?: true;
  readonly wait?: true;
  readonly json?: boolean;
}

/** Adds `hostscore health`, which ends with an error unless the server is SERVING, or unless it lives. */
export function addHealthCommand(program: Command, io: Io): void {
  addClientOptions(program.command('health'))
    .option('--live', 'ask only whether the process lives: GET /livez at ops.listen of the configuration')
    .addOption(
      new Option(
        '--wait',
        'wait until serve listens wherever the configuration says, ready or not; for systemd',
      ).conflicts(['live', 'server', 'json']),
    )
    .description('ask whether a server can answer; for container probes')
    .option('--json', 'print JSON')
    .action((options: HealthOptions) => {
      if (options.wait === true) return waitUntilListening(configOf({ ...options }, io), options, io);
      return options.live === true ? live(configOf({ ...options }, io), options, io) : health(options, io);
    });
}

async function health(options: HealthOptions, io: Io): Promise<void> {
  const { status, target } = await withClient(options, io, async ({ client, target, call }) => ({
    status: await client.health('', call),
    target,
  }));
  if (options.json === true) print(io, JSON.stringify({ status }));
  if (status !== 'SERVING')
    throw new CommandError(`${target} is ${status}; /readyz of its ops.listen says why, or its log`);
  if (options.json !== true) print(io, status);
}

async function live({ ops, server }: Config, { timeout, json }: HealthOptions, io: Io): Promise<void> {
  if (!ops.enabled) throw new ConfigError('ops.enabled: is false, so there is no /livez to ask');
  const url = `${ops.tls ? 'https' : 'http'}://${formatAddress(localAddress('ops.listen', ops.listen))}/livez`;
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(timeout)]);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const answered = (response: IncomingMessage) => resolve(response.resume().statusCode);
    const request = ops.tls
      ? getOverTls(url, { signal, ...ofThisServer(server) }, answered)
      : get(url, { signal }, answered);
    request.on('error', reject);
  }).catch((error: unknown) => {
    throw new CommandError(`ops.listen: ${url}: ${reasonOf(signal.aborted ? signal.reason : error)}`);
  });
  if (status !== 200) throw new CommandError(`ops.listen: ${url}: HTTP ${String(status)}`);
  print(io, json === true ? JSON.stringify({ live: true }) : 'alive');
}

/** Returns what takes the certificate of the configuration, by whatever name the server is called. */
function ofThisServer({ tlsCertFile }: Config['server']) {
  const serverCert = readConfiguredFile('server.tlsCertFile', tlsCertFile);
  return { secureContext: clientContext({ serverCert }), checkServerIdentity: () => undefined, agent: false };
}

/** Pause before a listener that refused is tried again: milliseconds. */
const TRY_AGAIN_MS = 100;

/** Waits until each listener of `serve` accepts connections. Asks nothing, which could need a certificate. */
async function waitUntilListening(
  { bridge, ops, server }: Config,
  { timeout }: HealthOptions,
  io: Io,
): Promise<void> {
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(timeout)]);
  if (bridge.enabled) await accepting('bridge.listen', bridge.listen, signal);
  if (ops.enabled) await accepting('ops.listen', ops.listen, signal);
  await accepting('server.listen', server.listen, signal);
  print(io, 'listening');
}

async function accepting(setting: string, listen: Address | SocketPath, signal: AbortSignal): Promise<void> {
  const place = localAddress(setting, listen);
  const isOver = () => signal.aborted;
  let refusal = 'no answer';
  while (!isOver()) {
    const socket = connect(place);
    try {
      await once(socket, 'connect', { signal });
      return;
    } catch (error) {
      if (!isOver()) refusal = reasonOf(error);
    } finally {
      socket.destroy();
    }
    await setTimeout(TRY_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
  throw new CommandError(`${setting}: ${formatAddress(place)}: not listening: ${refusal}`);
}
