import { readFileSync, writeFileSync } from 'node:fs';
import { generatedWorld } from '../../src/simulator/generated-world.js';
import { SIMULATOR_ACCOUNT, startSimulator, type Simulator } from '../../src/simulator/simulator.js';
import { memoryLog } from './log.js';
import { startProcess } from './process.js';
import { FREE_PORTS } from './scoring.js';

/** Heap of the process under attack, in MiB: what peers make it buffer lies outside of it, and must not need more. */
const HEAP_MIB = 256;

/** Space for young objects, in MiB, three times in all: as in Node 20. Later ones let more garbage lie, which is no bound of ours. */
const SEMI_SPACE_MIB = 16;

/** `hostscore serve` with a small heap, in a process of its own. */
export interface SmallProcess {
  readonly simulator: Simulator;
  /** Of gRPC, as host:port. */
  readonly address: string;
  /** Of the bridge, as host:port. */
  readonly bridgeAddress: string;
  /** Of probes and metrics, as host:port. */
  readonly opsAddress: string;
  readonly pid: number;
  /** Highest resident memory since the process was ready, over that at the time, in MiB. */
  readonly grownMiB: () => number;
  /** Resident memory now, over that when the process was ready, in MiB. */
  readonly nowMiB: () => number;
  /** Reports whether the process still runs. */
  readonly isAlive: () => boolean;
  /** Kills the process, and stops its engine. */
  readonly close: () => Promise<void>;
}

/** How a small process differs from the usual one. */
export interface SmallProcessOptions {
  readonly hosts?: number;
  readonly vms?: number;
  /** Further flags of `serve`. */
  readonly args?: readonly string[];
}

/** Starts an engine of 1,000 hosts and 5,000 VMs, and `serve` with a heap of {@link HEAP_MIB} against it. Needs Linux. */
export async function startSmallProcess(options: SmallProcessOptions = {}): Promise<SmallProcess> {
  const { hosts = 1000, vms = 5000, args = [] } = options;
  const simulator = await startSimulator({
    world: generatedWorld({ hosts, vms, seed: 7 }),
    log: memoryLog(),
  });
  const started = startProcess(
    [
      ...['serve', ...FREE_PORTS, '--engine-url', simulator.url],
      ...['--engine-username', SIMULATOR_ACCOUNT.username, ...args],
    ],
    { HOSTSCORE_ENGINE_PASSWORD: SIMULATOR_ACCOUNT.password },
    [`--max-old-space-size=${HEAP_MIB}`, `--max-semi-space-size=${SEMI_SPACE_MIB}`],
  );
  const { child } = started;
  const { pid } = child;
  if (pid === undefined) throw new Error('the process has no id');
  const [, opsAddress = ''] = await started.written('stderr', /ops server listening address=(\S+)\n/);
  const [, bridgeAddress = ''] = await started.written('stderr', /bridge listening address=(\S+)/);
  const [, address = ''] = await started.written('stderr', /grpc server listening address=(\S+) /);
  await started.written('stdout', /^Scores hosts at /m);

  const mib = (key: string) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Math.round(Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  };
  // Lets the highest value begin anew: starting takes more than idling.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const idle = mib('VmRSS');
  return {
    simulator,
    address,
    bridgeAddress,
    opsAddress,
    pid,
    grownMiB: () => mib('VmHWM') - idle,
    nowMiB: () => mib('VmRSS') - idle,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    async close() {
      child.kill('SIGKILL');
      await started.ended;
      await simulator.close();
    },
  };
}
