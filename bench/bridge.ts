// runCostFunctions of 1,000 hosts over 20,000 VMs through the bridge, in the process of the scoring service and in one of its
// own, against plain ScoreHosts. All take turns, so that the ratios hold when the machine's speed drifts.
// Usage: npm run build && npx tsx bench/bridge.ts [hosts] [vms] [rounds]
import type { Call } from '../src/domain/contract.js';
import { createRpcClient } from '../src/rpc/client.js';
import { generatedWorld } from '../src/simulator/generated-world.js';
import { quantile, startBridge, startEngine, startService, type Measured } from './processes.js';
import { costsCaller, type XmlRpcCaller } from './xml-rpc-caller.js';

const [hosts = 1000, vms = 20_000, rounds = 20] = process.argv.slice(2).map(Number);
const SEED = 7;
const CALLS_A_ROUND = 100;
const WARM_UP_ROUNDS = 5;
const UNIT = 'ksm_same_os_score';

const engine = await startEngine(`${hosts}x${vms}:${SEED}`);
const calm = ['--inventory-refresh-interval', '1h', '--inventory-max-staleness', '2h'];
const service = await startService(engine.found, calm);
const bridge = await startBridge(['--services', `scorer=${service.found}`]);

const world = generatedWorld({ hosts, vms, seed: SEED });
const vmId = world.vmsByName().find(({ hostId }) => hostId !== undefined)?.id ?? '';
const hostIds = world.hostsByName().map(({ id }) => id);
const client = createRpcClient({ target: service.found });
const call = (): Call => ({
  requestId: 'bench',
  signal: new AbortController().signal,
  deadline: Date.now() + 30_000,
});
const request = {
  vmId,
  hosts: hostIds,
  units: [{ name: UNIT, weight: 1 }],
  properties: new Map<string, string>(),
  assumedPlacements: [],
  explain: false,
};

const oneProcess = costsCaller(service.bridge, [UNIT], hostIds, vmId);
const twoProcesses = costsCaller(bridge.found, [UNIT], hostIds, vmId);

interface Way {
  readonly name: string;
  readonly processes: readonly Measured[];
  readonly run: () => Promise<number>;
}

const overXml = (caller: XmlRpcCaller) => async () => {
  const { ms, answer } = await caller.call();
  const rows = answer.split(UNIT).length - 1;
  if (rows !== hosts) throw new Error(`expected ${hosts} rows, got ${rows}: ${answer.slice(0, 500)}`);
  return ms;
};

const ways: readonly Way[] = [
  {
    name: 'ScoreHosts',
    processes: [service],
    async run() {
      const begin = performance.now();
      await client.scoreHosts(request, call());
      return performance.now() - begin;
    },
  },
  { name: 'runCostFunctions, one process', processes: [service], run: overXml(oneProcess) },
  { name: 'runCostFunctions, two processes', processes: [service, bridge], run: overXml(twoProcesses) },
];

const cpuOf = (processes: readonly Measured[]) => processes.reduce((sum, { cpuMs }) => sum + cpuMs(), 0);
// What the caller itself spends is part of what a call costs: grpc-js and protobuf here, or HTTP and XML.
const ownCpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const figures = ways.map(() => ({ latencies: new Array<number>(), cpu: 0, withCaller: 0 }));
for (let n = 0; n < WARM_UP_ROUNDS + rounds; n += 1) {
  for (const [index, { processes, run }] of ways.entries()) {
    const [before, ownBefore] = [cpuOf(processes), ownCpu()];
    const latencies: number[] = [];
    for (let calls = 0; calls < CALLS_A_ROUND; calls += 1) latencies.push(await run());
    const figure = figures[index];
    if (figure === undefined || n < WARM_UP_ROUNDS) continue;
    const cpu = cpuOf(processes) - before;
    figure.latencies.push(...latencies);
    figure.cpu += cpu;
    figure.withCaller += cpu + ownCpu() - ownBefore;
  }
}

const plain = figures[0];
for (const [index, { name }] of ways.entries()) {
  const { latencies = [], cpu = 0, withCaller = 0 } = figures[index] ?? {};
  const sorted = latencies.sort((a, b) => a - b);
  const each = (sum: number) => (sum / (rounds * CALLS_A_ROUND)).toFixed(3);
  const ratio = (sum: number, base = Number.NaN) => (sum / base).toFixed(2);
  console.log(
    `${name.padEnd(32)} median ${quantile(sorted, 0.5).toFixed(2)} ms, p99 ${quantile(sorted, 0.99).toFixed(2)} ms; CPU a call: servers ${each(cpu)} ms (${ratio(cpu, plain?.cpu)} x), with the caller ${each(withCaller)} ms (${ratio(withCaller, plain?.withCaller)} x)`,
  );
}

client.close();
oneProcess.close();
twoProcesses.close();
await bridge.stop();
await service.stop();
await engine.stop();
