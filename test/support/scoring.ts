import { createRpcClient, type RpcClient } from '../../src/rpc/client.js';
import type { ScoreHostsRequest, ScoreHostsResponse } from '../../src/domain/contract.js';
import { SIMULATOR_ACCOUNT, startSimulator, type Simulator } from '../../src/simulator/simulator.js';
import type { World } from '../../src/simulator/world.js';
import { call } from './call.js';
import { memoryLog } from './log.js';
import { startProgram, type RunningProgram, type Variables } from './program.js';

/** Flags with which `serve` takes free ports of the loopback address. */
export const FREE_PORTS = ['--server-listen', '--ops-listen', '--bridge-listen'].flatMap((flag) => [
  flag,
  '127.0.0.1:0',
]);

/** How a test's service differs from the usual one. */
export interface ScoringOptions {
  /** Further flags of `serve`. */
  readonly args?: readonly string[];
  readonly variables?: Variables;
  /** Changes the engine before the service is started, such as by a fault. */
  readonly prepare?: (simulator: Simulator) => void;
  /** Whether there will be a snapshot to wait for; true by default. */
  readonly ready?: boolean;
}

/** `hostscore serve` with an engine and a client, over real sockets. */
export interface Scoring {
  readonly simulator: Simulator;
  readonly program: RunningProgram;
  /** Of gRPC, as host:port. */
  readonly address: string;
  /** Of probes and metrics, without a slash at its end. */
  readonly opsUrl: string;
  readonly client: RpcClient;
  /** Scores hosts for a VM; every host that is up, by every unit, unless the request says otherwise. */
  readonly score: (vmId: string, request?: Partial<ScoreHostsRequest>) => Promise<ScoreHostsResponse>;
  readonly close: () => Promise<void>;
}

/** Starts an engine with this world, and `serve` against it. */
export async function startScoring(world: World, options: ScoringOptions = {}): Promise<Scoring> {
  const simulator = await startSimulator({ world, log: memoryLog() });
  options.prepare?.(simulator);
  const program = startProgram(
    [
      ...['serve', ...FREE_PORTS, '--engine-url', simulator.url],
      ...['--engine-username', SIMULATOR_ACCOUNT.username],
      ...(options.args ?? []),
    ],
    { HOSTSCORE_ENGINE_PASSWORD: SIMULATOR_ACCOUNT.password, ...options.variables },
  );
  const [, opsAddress = ''] = await program.written('stderr', /ops server listening address=(\S+)\n/);
  const [, address = ''] = await program.written('stderr', /grpc server listening address=(\S+) /);
  if (options.ready !== false) await program.written('stdout', /^Scores hosts at /m);
  const client = createRpcClient({ target: address });
  return {
    simulator,
    program,
    address,
    opsUrl: `http://${opsAddress}`,
    client,
    score: (vmId, request = {}) => client.scoreHosts(scoreRequest(vmId, request), call()),
    async close() {
      client.close();
      // An engine that hangs would be waited for when the token is given back.
      simulator.faults.clear();
      await program.end();
      await simulator.close();
    },
  };
}

function scoreRequest(vmId: string, request: Partial<ScoreHostsRequest>): ScoreHostsRequest {
  return {
    vmId,
    hosts: 'ALL_UP',
    // Named, so that a new unit changes no test of this one.
    units: [{ name: 'ksm_same_os_score', weight: 1 }],
    properties: new Map(),
    assumedPlacements: [],
    explain: false,
    ...request,
  };
}

/** Scores by host id. */
export function byHost({ scores }: ScoreHostsResponse): Record<string, number> {
  return Object.fromEntries(scores.map(({ hostId, score }) => [hostId, score]));
}
