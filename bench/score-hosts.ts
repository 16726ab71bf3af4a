// ScoreHosts of 1,000 hosts over 20,000 VMs, against a grpc-js server that answers with a constant of the same size.
// Both run at the same time and take turns, so that the ratio holds when the machine's speed drifts.
// With `fresh` each call asks for the hosts in another order, so that nothing remembered of a list helps.
// Usage: npm run build && npx tsx bench/score-hosts.ts [hosts] [vms] [rounds] [fresh]
import type { Call, ScoreHostsRequest } from '../src/domain/contract.js';
import { createRpcClient, type RpcClient } from '../src/rpc/client.js';
import { generatedWorld } from '../src/simulator/generated-world.js';
import { quantile, start, startEngine, startService, type Measured } from './processes.js';

const [hosts = 1000, vms = 20_000, rounds = 20] = process.argv.slice(2).map(Number);
const fresh = process.argv[5] === 'fresh';
const SEED = 7;
const CALLS_A_ROUND = 100;
const WARM_UP_ROUNDS = 5;

const engine = await startEngine(`${hosts}x${vms}:${SEED}`);
const service = await startService(engine.found, [
  '--inventory-refresh-interval',
  '1h',
  '--inventory-max-staleness',
  '2h',
]);
const floor = await start(['bench/floor-server.mjs', String(hosts)], /listening on (\S+) now/);

const call = (): Call => ({
  requestId: 'bench',
  signal: new AbortController().signal,
  deadline: Date.now() + 30_000,
});

const world = generatedWorld({ hosts, vms, seed: SEED });
const vmId = world.vmsByName().find(({ hostId }) => hostId !== undefined)?.id ?? '';
const base = {
  vmId,
  units: [],
  properties: new Map<string, string>(),
  assumedPlacements: [],
  explain: false,
};
const request: ScoreHostsRequest = { ...base, hosts: world.hostsByName().map(({ id }) => id) };
const floorId = (n: number) => `aaaaaaaa-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const floorRequest: ScoreHostsRequest = {
  ...base,
  hosts: Array.from({ length: hosts }, (_, n) => floorId(n)),
};

let turns = 0;

/** The same hosts, another one first. */
function rotated(request: ScoreHostsRequest): ScoreHostsRequest {
  if (request.hosts === 'ALL_UP') return request;
  turns = (turns + 37) % request.hosts.length;
  return { ...request, hosts: [...request.hosts.slice(turns), ...request.hosts.slice(0, turns)] };
}

interface Round {
  readonly cpuMs: number;
  readonly latencies: readonly number[];
}

async function round(client: RpcClient, server: Measured, request: ScoreHostsRequest): Promise<Round> {
  const before = server.cpuMs();
  const latencies: number[] = [];
  for (let n = 0; n < CALLS_A_ROUND; n += 1) {
    // The floor's constant has one order, and an answer in another takes the client a slower way.
    const asked = fresh && server === service ? rotated(request) : request;
    const begin = performance.now();
    await client.scoreHosts(asked, call());
    latencies.push(performance.now() - begin);
  }
  return { cpuMs: (server.cpuMs() - before) / CALLS_A_ROUND, latencies };
}

const ours = createRpcClient({ target: service.found });
const theirs = createRpcClient({ target: floor.found });

const measured: { service: Round; floor: Round }[] = [];
for (let n = 0; n < WARM_UP_ROUNDS + rounds; n += 1) {
  const pair = {
    service: await round(ours, service, request),
    floor: await round(theirs, floor, floorRequest),
  };
  if (n >= WARM_UP_ROUNDS) measured.push(pair);
}

for (const which of ['service', 'floor'] as const) {
  const latencies = measured.flatMap((pair) => pair[which].latencies).sort((a, b) => a - b);
  const cpu = measured.reduce((sum, pair) => sum + pair[which].cpuMs, 0) / measured.length;
  console.log(
    `${which.padEnd(8)} ${hosts} hosts: median ${quantile(latencies, 0.5).toFixed(2)} ms, p99 ${quantile(latencies, 0.99).toFixed(2)} ms, server CPU ${cpu.toFixed(3)} ms a call`,
  );
}
const total = (which: 'service' | 'floor') => measured.reduce((sum, pair) => sum + pair[which].cpuMs, 0);
const ratios = measured.map((pair) => pair.service.cpuMs / pair.floor.cpuMs).sort((a, b) => a - b);
console.log(
  `CPU ratio, service to floor: ${(total('service') / total('floor')).toFixed(3)} over all; by round: median ${quantile(ratios, 0.5).toFixed(3)}, ${ratios[0]?.toFixed(3)} to ${ratios.at(-1)?.toFixed(3)}`,
);

ours.close();
theirs.close();
await Promise.all([service.stop(), floor.stop()]);
await engine.stop();
