import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { inventorySection } from '../src/config/sections.js';
import { createReplica } from '../src/inventory/replica.js';
import { createRpcClient } from '../src/rpc/client.js';
import { QUICK } from './measure.js';
import { quantile, start, startEngine, startService, type Measured } from './processes.js';
import { report } from './report.js';
import { controlOf } from './simulator-control.js';

// One reader of an engine of which 1 % of the VMs change a minute, and 1 to 4 replicas of it. The last replica runs in this
// process, which so sees how far it is behind; the others are called for scores of all hosts.
const [hosts, vms, seconds] = [1000, 20_000, QUICK ? 10 : 60];
const CALLS = QUICK ? 100 : 1000;

const engine = await startEngine(`${hosts}x${vms}:7`);
const control = controlOf(engine.found);
const reader = await startService(engine.found, ['--inventory-relist-interval', '1h']);
await control.churn((0.01 * vms) / 60);
const silent = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const replicas: Measured[] = [];
const rows = [];
for (let count = 1; count <= 4; count++) {
  replicas.push(await startReplica());
  const client = createRpcClient({ target: reader.found });
  const lags: number[] = [];
  const watching = createReplica({
    ...{ settings: inventorySection.parse({}), reader: client, log: silent },
    onStep: ({ lagMs }) => lags.push(lagMs),
  });
  watching.start();
  const { hosts: listed } = await watching.ready();
  await setTimeout(2000);
  lags.length = 0;
  await control.traffic();
  const [readerCpu, replicaCpu] = [reader.cpuMs(), replicas.map(({ cpuMs }) => cpuMs())];
  await setTimeout(1000 * seconds);
  const { requests, bytes } = await control.traffic();
  const idleCpu = replicas.reduce((sum, { cpuMs }, n) => sum + cpuMs() - (replicaCpu[n] ?? 0), 0);
  const readerMs = reader.cpuMs() - readerCpu;
  const cpuMs = await cpuOfCalls(listed[0]?.vms[0]?.id ?? randomUUID());
  lags.sort((left, right) => left - right);
  rows.push({
    replicas: count,
    'engine requests/min': (60 * requests) / seconds,
    'engine KB/min': (60 * bytes) / seconds / 1000,
    'lag ms, median': quantile(lags, 0.5),
    'lag ms, p99': quantile(lags, 0.99),
    'reader CPU %': readerMs / seconds / 10,
    'CPU % of a replica': idleCpu / count / seconds / 10,
    'CPU ms a call': cpuMs,
  });
  await watching.close();
  client.close();
}
report('replicas', rows);
for (const replica of replicas) await replica.stop();
await reader.stop();
await engine.stop();

function startReplica(): Promise<Measured> {
  const ports = ['--server-listen', '--ops-listen', '--bridge-listen'].flatMap((flag) => [
    flag,
    '127.0.0.1:0',
  ]);
  const args = ['dist/main.js', 'serve', ...ports, '--log-level', 'warn', '--inventory-from', reader.found];
  return start(args, /Scores hosts at (\S+:\d+)[.;]/);
}

/** Returns the CPU of the replicas a call, which take the calls in turn. */
async function cpuOfCalls(vmId: string): Promise<number> {
  const clients = replicas.map(({ found }) => createRpcClient({ target: found }));
  const units = [{ name: 'ksm_same_os_score', weight: 1 }];
  const request = { vmId, hosts: 'ALL_UP' as const, units, properties: new Map<string, string>() };
  const callAll = async (calls: number) => {
    for (let n = 0; n < calls; n++) {
      const call = { requestId: 'bench', signal: new AbortController().signal, deadline: Date.now() + 5000 };
      const client = clients[n % clients.length];
      await client?.scoreHosts({ ...request, assumedPlacements: [], explain: false }, call);
    }
  };
  await callAll(CALLS);
  const before = replicas.map(({ cpuMs }) => cpuMs());
  await callAll(CALLS);
  const used = replicas.reduce((sum, { cpuMs }, n) => sum + cpuMs() - (before[n] ?? 0), 0);
  for (const client of clients) client.close();
  return used / CALLS;
}

function quiet(): void {
  // Nothing is logged here.
}
