import { once } from 'node:events';
import type { Config } from '../config.js';
import { createLog, type Log } from '../log.js';
import { SIMULATOR_ACCOUNT, startSimulator, type Simulator } from '../simulator/simulator.js';
import type { Snapshot } from '../snapshot.js';
import { print, type Io } from './io.js';
import { startService } from './start-service.js';
import { worldOf } from './world-option.js';

/** How `serve` differs from what the configuration says. */
export interface ServeOptions {
  /** Use the embedded engine when no engine is configured. */
  readonly demo: boolean;
  /** World of the embedded engine. */
  readonly world: string;
}

/** `hostscore serve`: runs the scoring service until the process is asked to end. */
export async function serve(config: Config, options: ServeOptions, io: Io): Promise<void> {
  const log = createLog({ ...config.log, stream: io.stderr });
  const embedded =
    options.demo && config.engine.url === undefined ? await embedEngine(options.world, log) : undefined;
  try {
    const service = await startService(embedded === undefined ? config : withEngine(config, embedded), log);
    try {
      const ended = io.signal.aborted ? Promise.resolve() : once(io.signal, 'abort').then(() => undefined);
      const snapshot = await Promise.race([service.firstSnapshot, ended]);
      if (snapshot !== undefined) {
        print(io, ...tryLines(service.address, config.server.tlsCertFile !== undefined, snapshot));
      }
      await ended;
      log.info('stopping');
    } finally {
      await service.stop();
    }
  } finally {
    await embedded?.close();
  }
  log.info('stopped');
}

async function embedEngine(world: string, log: Log): Promise<Simulator> {
  const simulator = await startSimulator({ world: worldOf(world), log });
  log.warn('no engine configured: using the embedded one', { world, url: simulator.url });
  return simulator;
}

function withEngine(config: Config, { url }: Simulator): Config {
  return { ...config, engine: { ...config.engine, ...SIMULATOR_ACCOUNT, passwordFile: undefined, url } };
}

/** A call that works as pasted, for a VM of the snapshot. */
function tryLines(address: string, tls: boolean, snapshot: Snapshot): string[] {
  const vm = snapshot.hosts.flatMap(({ vms }) => vms)[0];
  if (vm === undefined) return [`Scores hosts at ${address}; no VM runs, so there is none to try it with.`];
  const request = JSON.stringify({ vm_id: vm.id, all_hosts: true, explain: true });
  const target = `${tls ? '-cacert CA.pem' : '-plaintext'} -d '${request}' ${address}`;
  return [
    `Scores hosts at ${address}. Try, for the VM ${vm.name}:`,
    '',
    `  grpcurl ${target} hostscore.v1.PolicyUnitService/ScoreHosts`,
    '',
  ];
}
