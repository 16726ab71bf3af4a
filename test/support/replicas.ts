import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { writeCall } from '../../src/bridge/xml-rpc/writer.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { generatedWorld } from '../../src/simulator/generated-world.js';
import { SIMULATOR_ACCOUNT, startSimulator } from '../../src/simulator/simulator.js';
import { call } from './call.js';
import { memoryLog } from './log.js';
import type { RunningProcess } from './process.js';
import { until } from './until.js';

const UNIT = 'ksm_same_os_score';
const HOSTS = 10;

/** Patience of the gRPC caller, in ms: that of the bridge with a service. */
const GRPC_TIMEOUT_MS = 800;

/** Starts `hostscore` with arguments and variables. */
export type Launch = (args: readonly string[], variables: Readonly<Record<string, string>>) => RunningProcess;

/** How replicas are called. */
export interface Load {
  /** Callers of the bridge at a time. */
  readonly callers: number;
  /** Pause of each caller between an answer and its next call, in ms. */
  readonly pauseMs: number;
}

/** Calls of one kind, as they ended since the last look. */
export interface Tally {
  calls: number;
  failed: number;
  slowestMs: number;
  /** Number of failures by their words. */
  readonly reasons: Map<string, number>;
}

/** Three replicas behind one name, a bridge over them, and callers of both. */
export interface Replicas {
  readonly simulator: Awaited<ReturnType<typeof startSimulator>>;
  readonly target: string;
  readonly bridge: RunningProcess;
  readonly processes: readonly RunningProcess[];
  /** Starts a replica on its own address again; resolves when it is ready. */
  readonly start: (replica: number) => Promise<void>;
  /** Sends a signal to a replica, or a name of none to wait only. */
  readonly signal: (replica: number, signal: NodeJS.Signals) => void;
  readonly ended: (replica: number) => Promise<unknown>;
  /** Begins to call the bridge by XML-RPC, and the replicas by gRPC. */
  readonly call: (load: Load) => void;
  /** Returns how the calls ended since the last look. */
  readonly look: () => { readonly bridge: Tally; readonly grpc: Tally };
  readonly close: () => Promise<void>;
}

/** Starts an engine, three replicas and a bridge, on free ports that stay theirs. */
export async function startReplicas(launch: Launch, count = 3): Promise<Replicas> {
  const world = generatedWorld({ hosts: HOSTS, vms: 200, seed: 7 });
  const simulator = await startSimulator({ world, log: memoryLog() });
  const ports = await freePorts(count);
  const target = `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(',')}`;
  const processes: RunningProcess[] = [];
  const closing = new AbortController();
  let loops: Promise<void>[] = [];
  let tallies = { bridge: createTally(), grpc: createTally() };

  async function start(replica: number): Promise<void> {
    const started = launch(
      [
        ...['serve', '--engine-url', simulator.url, '--engine-username', SIMULATOR_ACCOUNT.username],
        ...['--server-listen', `127.0.0.1:${ports[replica] ?? 0}`, '--bridge-enabled', 'false'],
        ...[
          '--ops-enabled',
          'false',
          '--state-dir',
          '/dev/null/none',
          '--log-level',
          'warn',
          '--log-format',
          'text',
        ],
      ],
      { HOSTSCORE_ENGINE_PASSWORD: SIMULATOR_ACCOUNT.password },
    );
    processes[replica] = started;
    await started.written('stdout', /^Scores hosts at /m);
  }

  await Promise.all(ports.map((_, replica) => start(replica)));
  const bridge = launch(
    [
      ...['bridge', '--services', JSON.stringify([{ name: 'scorer', target }]), '--ops-enabled', 'false'],
      ...[
        '--server-listen',
        '127.0.0.1:0',
        '--bridge-listen',
        '127.0.0.1:0',
        '--state-dir',
        '/dev/null/none',
      ],
      ...['--log-level', 'info', '--log-format', 'text'],
    ],
    {},
  );
  const [, address = ''] = await bridge.written('stderr', /bridge listening address=(\S+)/);
  const client = createRpcClient({ target });
  const hostIds = world.hostsByName().map(({ id }) => id);
  const vmId = world.vmsByName().find(({ hostId }) => hostId !== undefined)?.id ?? '';
  const caller = createCostsCaller(address, hostIds, vmId);
  await until(caller.call, (failure) => failure === undefined);

  async function scoreOverGrpc(): Promise<string | undefined> {
    const asked = {
      ...{ vmId, hosts: hostIds, units: [{ name: UNIT, weight: 1 }], properties: new Map<string, string>() },
      ...{ assumedPlacements: [], explain: false },
    };
    try {
      await client.scoreHosts(asked, call({ deadline: Date.now() + GRPC_TIMEOUT_MS }));
      return undefined;
    } catch (error) {
      return String(error);
    }
  }

  async function loop(ask: () => Promise<string | undefined>, kind: 'bridge' | 'grpc', pauseMs: number) {
    while (!closing.signal.aborted) {
      const began = performance.now();
      const failure = await ask();
      note(tallies[kind], performance.now() - began, failure);
      await setTimeout(pauseMs);
    }
  }

  return {
    ...{ simulator, target, bridge, processes, start },
    signal: (replica, signal) => void processes[replica]?.child.kill(signal),
    ended: (replica) => processes[replica]?.ended ?? Promise.resolve(),
    call({ callers, pauseMs }) {
      loops = Array.from({ length: callers }, () => loop(caller.call, 'bridge', pauseMs));
      loops.push(loop(scoreOverGrpc, 'grpc', pauseMs));
    },
    look() {
      const seen = tallies;
      tallies = { bridge: createTally(), grpc: createTally() };
      return seen;
    },
    async close() {
      closing.abort();
      await Promise.all(loops);
      caller.close();
      client.close();
      for (const { child } of [bridge, ...processes]) child.kill('SIGKILL');
      await Promise.all([bridge, ...processes].map(({ ended }) => ended));
      await simulator.close();
    },
  };
}

function createTally(): Tally {
  return { calls: 0, failed: 0, slowestMs: 0, reasons: new Map() };
}

function note(tally: Tally, ms: number, failure: string | undefined): void {
  tally.calls += 1;
  tally.slowestMs = Math.max(tally.slowestMs, ms);
  if (failure === undefined) return;
  tally.failed += 1;
  tally.reasons.set(failure, (tally.reasons.get(failure) ?? 0) + 1);
}

/** Returns ports that were free a moment ago, outside of the range from which the system chooses for others. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Asks for the costs of hosts as an engine does; each call gives the words of its unit's failure, or nothing. */
function createCostsCaller(address: string, hosts: readonly string[], vmId: string) {
  const agent = new Agent({ keepAlive: true });
  const body = Buffer.from(
    writeCall('runCostFunctions', [[[UNIT, 1]], hosts, vmId, new Map<string, string>()]),
  );
  const headers = { 'Content-Type': 'text/xml', 'Content-Length': body.length };
  return {
    call: () =>
      new Promise<string | undefined>((resolve) => {
        const failed = (error: Error) => resolve(String(error));
        const sent = request(`http://${address}/`, { method: 'POST', agent, headers }, (response) => {
          let answer = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
          response.on('error', failed);
          response.on('end', () => resolve(failureIn(answer, hosts.length)));
        });
        sent.on('error', failed).end(body);
      }),
    close: () => agent.destroy(),
  };
}

function failureIn(answer: string, hosts: number): string | undefined {
  if (answer.split(UNIT).length - 1 === hosts) return undefined;
  const [words = answer] = [...answer.matchAll(/>([^<>]*:? [^<>]*)</g)].map(([, text]) => text);
  return words;
}
