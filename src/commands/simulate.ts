import { once } from 'node:events';
import type { Address } from '../lib/address.js';
import { createLog, type LogOptions } from '../process/log.js';
import { SIMULATOR_ACCOUNT, startSimulator } from '../simulator/simulator.js';
import { print, type Io } from './io.js';
import { worldOf } from './world-option.js';

/** What `hostscore simulate` is told. */
export interface SimulateOptions {
  readonly world: string;
  readonly listen: Address;
  readonly log: Pick<LogOptions, 'level' | 'format'>;
}

/** `hostscore simulate`: runs a pretend engine until the process is asked to end. */
export async function simulate({ world, listen, log }: SimulateOptions, io: Io): Promise<void> {
  const simulator = await startSimulator({
    world: worldOf(world),
    log: createLog({ ...log, stream: io.stderr }),
    ...listen,
  });
  try {
    print(
      io,
      `A pretend engine at ${simulator.url}: ${simulator.world.hosts.size} hosts, ${simulator.world.vms.size} VMs. Score its hosts with:`,
      '',
      `  HOSTSCORE_ENGINE_PASSWORD=${SIMULATOR_ACCOUNT.password} hostscore serve --engine-username ${SIMULATOR_ACCOUNT.username} --engine-url ${simulator.url}`,
      '',
      `Start, stop and migrate its VMs, and switch faults on, at ${simulator.controlUrl} (docs/simulator.md).`,
    );
    if (!io.signal.aborted) await once(io.signal, 'abort');
  } finally {
    await simulator.close();
  }
}
