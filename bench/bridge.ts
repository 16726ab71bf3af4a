import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPython } from '../src/plugins/find-python.js';
import { inFlight, measure, QUICK, rowOf, type Rounds, type Way } from './measure.js';
import { endedChildrenCpuMs, start, startBridge } from './processes.js';
import { report, type Row } from './report.js';
import { startSized, UNIT } from './sized-service.js';
import { costsCaller } from './xml-rpc-caller.js';

// runCostFunctions as an engine calls it, one call after the other: through a bridge in the process of the scoring service and
// through one of its own, against a bare node:http server that sends the same bytes, and beside a `python -c` a call, which
// is how the old proxy scored. Two to four minutes, unless sizes are given: [hosts] ...
const given = process.argv.slice(2).map(Number).filter(Number.isInteger);
const SIZES = given.length > 0 ? given : QUICK ? [10, 1000] : [10, 100, 1000];

/** Rounds of forks, of a few calls each. */
const FORKS: Partial<Rounds> = { warmUp: 3, roundMs: 200, least: 3, most: 3 };

const rows: Row[] = [];
const points = new Map<string, [number, number][]>();
const folder = mkdtempSync(join(tmpdir(), 'hostscore-bench-'));
const python = (await findPython('python3', process.env)).path;
const forks = { cpuMs: endedChildrenCpuMs };

for (const hosts of SIZES) {
  const sized = await startSized(hosts);
  const { service, hostIds, vmId } = sized;
  const bridge = await startBridge(['--services', `scorer=${service.found}`]);
  const one = costsCaller(service.bridge, [UNIT], hostIds, vmId);
  const two = costsCaller(bridge.found, [UNIT], hostIds, vmId);
  const { answer } = await one.call();
  if (answer.split(UNIT).length - 1 !== hosts)
    throw new Error(`expected ${hosts} rows: ${answer.slice(0, 500)}`);
  const file = join(folder, String(hosts));
  writeFileSync(file, answer);
  const floor = await start(['bench/floor-http-server.mjs', file], /listening on (\S+) now/);
  const bare = costsCaller(floor.found, [UNIT], hostIds, vmId);
  const way = (name: string, servers: Way['servers'], call: () => Promise<unknown>): Way => ({
    name,
    servers,
    run: inFlight(1, call),
  });
  const figures = await measure([
    way('node:http, same bytes', [floor], bare.call),
    way('one process', [service], one.call),
    way('two processes', [service, bridge], two.call),
  ]);
  const forked = await measure([way('python -c a call', [forks], () => runPython(hostIds, vmId))], FORKS);
  for (const each of [...figures, ...forked]) {
    rows.push(rowOf(each, { hosts }));
    points.set(each.name, [...(points.get(each.name) ?? []), [hosts, each.cpuMs]]);
  }
  const fork = forked[0]?.callsPerSecond ?? Number.NaN;
  for (const { name, callsPerSecond } of figures.slice(1)) {
    console.log(
      `${hosts} hosts, ${name}: ${(callsPerSecond / fork).toFixed(0)} x as fast as a python -c a call`,
    );
  }
  for (const caller of [one, two, bare]) caller.close();
  await Promise.all([floor.stop(), bridge.stop()]);
  await sized.stop();
}
rmSync(folder, { recursive: true });

/** Scores hosts as the old proxy did: the arguments stand in the text of a program, which prints the rows. */
async function runPython(hosts: readonly string[], vm: string): Promise<void> {
  const script = `print([(host, 50) for host in ${JSON.stringify(hosts)}], "${vm}")`;
  // A longer argument than the system takes: 128 KiB.
  const args = script.length < 120_000 ? ['-c', script] : ['-'];
  const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdout.resume();
  child.stdin.end(args[0] === '-' ? script : '');
  const [code] = (await once(child, 'close')) as unknown[];
  if (code !== 0) throw new Error(`python ended with ${String(code)}`);
}

report('bridge', rows, [
  {
    title: 'CPU of the servers for one runCostFunctions',
    x: 'hosts',
    y: 'ms',
    series: [...points].map(([name, points]) => ({ name, points })),
  },
]);
