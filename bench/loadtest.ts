import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { z } from 'zod';
import { callsBetween, percentileMs, readHistogram } from './call-histogram.js';
import { endedChildrenCpuMs, endWithUs, startEngine, startService } from './processes.js';
import { report, RESULTS, type Row } from './report.js';

const ROOT = join(import.meta.dirname, '..');

const USAGE = `Usage: npm run loadtest -- [options]

  --target HOST:PORT       what to load; by default a service over a pretend engine that is started here
  --world HOSTSxVMS        the pretend engine's world (100x2000)
  --metrics URL            the target's figures (http://HOST of the target:9180/metrics)
  --processes 1,2,4,8      how many grpcurl stream at once, step by step
  --seconds 5              length of a step
  --cacert FILE            the authority of a target with TLS; plain text by default
  --cert FILE --key FILE   a client certificate
  --grpcurl FILE           by default $GRPCURL, or the one in the PATH
  --rates 50,100,200       calls a second that ghz makes, if it is in the PATH
  --no-gateway             leave out examples/gateway`;

const vmsPage = z.object({
  vms: z.array(z.object({ id: z.string(), name: z.string() })).default([]),
  nextPageToken: z.string().default(''),
});
const ghzReport = z.object({ statusCodeDistribution: z.record(z.string(), z.int()).nullable() });

/** Longest wait for a process to end once its input has ended; it is killed then. */
const GRACE_MS = 5000;

/** Most VMs that are asked for in turns. */
const MAX_VMS = 5000;

/** A step of more callers that gains less than this has passed the knee of the curve. */
const LEAST_GAIN = 1.1;

const { values: options } = parseArgs({
  options: {
    target: { type: 'string' },
    world: { type: 'string', default: '100x2000' },
    metrics: { type: 'string' },
    processes: { type: 'string', default: '1,2,4,8' },
    seconds: { type: 'string', default: '5' },
    cacert: { type: 'string' },
    cert: { type: 'string' },
    key: { type: 'string' },
    grpcurl: { type: 'string', default: process.env['GRPCURL'] ?? 'grpcurl' },
    rates: { type: 'string', default: '50,100,200' },
    'no-gateway': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
const numbers = z
  .string()
  .transform((text) => text.split(',').map(Number))
  .pipe(z.array(z.number().positive()).min(1));
const steps = numbers.parse(options.processes);
const [seconds = 5] = numbers.parse(options.seconds);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const { target, metrics, stop } = await openTarget();
const protos = ['policy_unit_service', 'inventory_service'].flatMap((name) => [
  '-proto',
  `hostscore/v1/${name}.proto`,
]);
const security = [
  ...(options.cacert === undefined ? ['-plaintext'] : ['-cacert', options.cacert]),
  ...(options.cert === undefined ? [] : ['-cert', options.cert]),
  ...(options.key === undefined ? [] : ['-key', options.key]),
];
const common = [...security, '-import-path', join(ROOT, 'proto'), ...protos];
const POLICY_UNITS = 'hostscore.v1.PolicyUnitService';
const grpcurl = (method: string, flags: readonly string[]) => [...common, ...flags, target, method];

const folder = mkdtempSync(join(tmpdir(), 'hostscore-loadtest-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const vms = await listVms();
const file = join(folder, 'requests.json');
writeFileSync(file, vms.map(({ id }) => `${JSON.stringify({ vm_id: id, all_hosts: true })}\n`).join(''));
const requests = readFileSync(file, 'utf8');
console.log(`${target}: ${vms.length} VMs in turn, ${seconds} s a step`);

const rows: Row[] = [];
const curve: [number, number][] = [];
for (const processes of steps) {
  const row = await measured('ScoreHosts', async (end) => {
    const prober = probe(end);
    const streams = await Promise.all(Array.from({ length: processes }, () => streamUntil(end)));
    return [...streams, { ...(await prober), answers: 0 }];
  });
  rows.push({ load: `${processes} grpcurl, StreamScoreHosts`, processes, ...row });
  curve.push([processes, Number(row['calls/s'])]);
}
if (!options['no-gateway']) {
  const row = await measured('ScoreHosts', (end) =>
    Promise.all(Array.from({ length: 2 }, () => runGateways(end))),
  );
  rows.push({ load: '2 examples/gateway, one after the other', processes: 2, ...row });
}
if (await isInstalled('ghz'))
  for (const rate of numbers.parse(options.rates)) rows.push(await openLoop(rate));
else console.log('ghz is not installed: no open-loop rates');

const knee = curve.findIndex(([, calls], n) => calls < LEAST_GAIN * (curve[n - 1]?.[1] ?? 0));
report('loadtest', rows, [
  {
    title: `StreamScoreHosts of ${target}`,
    x: 'grpcurl processes',
    y: 'answers/s',
    series: [{ name: 'answers a second', points: curve }],
  },
]);
const [most, calls] = curve[knee === -1 ? curve.length - 1 : knee - 1] ?? [0, 0];
console.log(
  knee === -1
    ? `no knee up to ${most} processes: each step gained a tenth or more`
    : `knee: ${most} processes, ${Math.round(calls)} answers a second; more of them gained less than a tenth`,
);
console.log(`Results: ${join(RESULTS, 'loadtest.{md,json,svg}')}`);
await stop();
process.exit(rows.every(({ errors }) => errors === 'none') ? 0 : 1);

/** What processes did in a step. */
interface Work {
  readonly answers: number;
  readonly errors: readonly string[];
}

/** Runs a step. Its latencies are those of the server's histogram of a method. */
async function measured(method: string, run: (end: number) => Promise<readonly Work[]>): Promise<Row> {
  const before = await readMetrics();
  const [cpuBefore, begin] = [endedChildrenCpuMs(), performance.now()];
  const work = await run(Date.now() + seconds * 1000);
  const wallMs = performance.now() - begin;
  const callers = (endedChildrenCpuMs() - cpuBefore) / wallMs;
  const after = await readMetrics();
  const answers = work.reduce((sum, each) => sum + each.answers, 0);
  const histogram = callsBetween(readHistogram(before, method), readHistogram(after, method));
  const server = (1000 * (cpuSecondsIn(after) - cpuSecondsIn(before))) / wallMs;
  return {
    'calls/s': (1000 * answers) / wallMs,
    ...Object.fromEntries(
      [0.5, 0.95, 0.99].map((share) => [`p${share * 100} ms`, percentileMs(histogram, share)]),
    ),
    errors: countOf(work.flatMap(({ errors }) => errors)),
    'server cores': server,
    'caller cores': callers,
    bound: callers > server ? 'callers' : 'server',
  };
}

/** Streams the requests through a grpcurl, again and again until that time. */
async function streamUntil(end: number): Promise<Work> {
  const child = run(options.grpcurl, grpcurl(`${POLICY_UNITS}/StreamScoreHosts`, ['-d', '@']));
  let answers = 0;
  const errors: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    // Grpcurl indents: what begins in the first column is an answer, in the third one a field of it.
    for (const [n, line] of lines.entries()) {
      if (line === '}') answers++;
      if (line === '  "failure": {')
        errors.push(/"code": "(\w+)"/.exec(lines[n + 1] ?? '')?.[1] ?? 'failure');
    }
  });
  const feed = () => {
    if (Date.now() < end && child.exitCode === null) child.stdin.write(requests, feed);
    else child.stdin.end();
  };
  feed();
  const { errors: more } = await outcomeOf(child, end);
  return { answers, errors: [...errors, ...more] };
}

/** Calls ScoreHosts through one grpcurl after the other until that time. */
async function probe(end: number): Promise<Work> {
  let answers = 0;
  const errors: string[] = [];
  while (Date.now() < end) {
    const vm_id = vms[answers % vms.length]?.id;
    const flags = ['-max-time', String(seconds), '-d', JSON.stringify({ vm_id, all_hosts: true })];
    const child = run(options.grpcurl, grpcurl(`${POLICY_UNITS}/ScoreHosts`, flags));
    child.stdout.resume();
    child.stdin.end();
    errors.push(...(await outcomeOf(child, end)).errors);
    answers++;
  }
  return { answers, errors };
}

/** Runs examples/gateway for one VM after the other until that time. */
async function runGateways(end: number): Promise<Work> {
  let answers = 0;
  const errors: string[] = [];
  while (Date.now() < end) {
    const name = vms[answers % vms.length]?.name ?? '';
    const child = run(process.execPath, ['--import', 'tsx', 'examples/gateway/gateway.ts', name, target]);
    child.stdout.resume();
    child.stdin.end();
    errors.push(...(await outcomeOf(child, end)).errors);
    answers++;
  }
  return { answers, errors };
}

/** Has ghz call ScoreHosts at a rate, whether answers come or not. */
async function openLoop(rate: number): Promise<Row> {
  const tls = options.cacert === undefined ? ['--insecure'] : ['--cacert', options.cacert];
  const certificate = [
    ...(options.cert === undefined ? [] : ['--cert', options.cert]),
    ...(options.key === undefined ? [] : ['--key', options.key]),
  ];
  const all = join(folder, 'all.json');
  writeFileSync(all, JSON.stringify(vms.map(({ id }) => ({ vm_id: id, all_hosts: true }))));
  const row = await measured('ScoreHosts', async (end) => {
    const flags = [
      '--import-paths',
      join(ROOT, 'proto'),
      '--proto',
      join(ROOT, 'proto/hostscore/v1/policy_unit_service.proto'),
      '--call',
      `${POLICY_UNITS}/ScoreHosts`,
    ];
    const child = run('ghz', [
      ...tls,
      ...certificate,
      ...flags,
      '-D',
      all,
      '-O',
      'json',
      '--async',
      '-c',
      '50',
      '-r',
      String(rate),
      '-z',
      `${seconds}s`,
      target,
    ]);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.stdin.end();
    const { errors } = await outcomeOf(child, end);
    if (errors.length > 0) return [{ answers: 0, errors }];
    const counts = ghzReport.parse(JSON.parse(text)).statusCodeDistribution ?? {};
    // Calls that the end of the time cut off are no failures of the target's.
    const failed = Object.entries(counts).filter(
      ([code]) => !['OK', 'Canceled', 'Unavailable'].includes(code),
    );
    return [
      {
        answers: counts['OK'] ?? 0,
        errors: failed.flatMap(([code, times]) => Array<string>(times).fill(code)),
      },
    ];
  });
  return { load: `ghz, ${rate} ScoreHosts a second`, ...row };
}

/** Starts a process that ends with this one. */
function run(command: string, args: readonly string[]) {
  const child = spawn(command, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] });
  endWithUs(child);
  // Who has ended reads no more.
  child.stdin.on('error', () => undefined);
  return child;
}

/** Waits for the end of a process, and kills it some time after that moment. Returns what it said of a failure. */
async function outcomeOf(child: ChildProcess, end: number): Promise<{ readonly errors: readonly string[] }> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const late = new AbortController();
  const kill = setTimeout(end - Date.now() + GRACE_MS, undefined, { signal: late.signal })
    .then(() => child.kill('SIGKILL'))
    .catch(() => undefined);
  const [code, signal] = (await once(child, 'close')) as unknown[];
  late.abort();
  await kill;
  if (code === 0) return { errors: [] };
  if (signal === 'SIGKILL') return { errors: ['killed, since it did not end'] };
  const [, name] = /Code: (\w+)|^([A-Z_]+): /m.exec(stderr) ?? [];
  return { errors: [name ?? stderr.trim().split('\n').at(-1)?.slice(0, 100) ?? `exit code ${String(code)}`] };
}

/** Lists the VMs of the target, page by page. */
async function listVms(): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const listed: z.output<typeof vmsPage>['vms'] = [];
  let page_token = '';
  do {
    const data = JSON.stringify({ page_size: 1000, page_token });
    const args = grpcurl('hostscore.v1.InventoryService/ListVms', ['-max-time', '30', '-d', data]);
    const { stdout } = await promisify(execFile)(options.grpcurl, args, { maxBuffer: 2 ** 26 });
    const page = vmsPage.parse(JSON.parse(stdout));
    listed.push(...page.vms);
    page_token = page.nextPageToken;
  } while (page_token !== '' && listed.length < MAX_VMS);
  if (listed.length === 0) throw new Error(`${target} has no VMs`);
  return listed;
}

interface Target {
  readonly target: string;
  readonly metrics: string;
  readonly stop: () => Promise<void>;
}

/** Returns the target that was named, or a service that is started here on loopback. */
async function openTarget(): Promise<Target> {
  if (options.target !== undefined) {
    const host = options.target.slice(0, options.target.lastIndexOf(':'));
    const metrics = options.metrics ?? `http://${host}:9180/metrics`;
    return { target: options.target, metrics, stop: () => Promise.resolve() };
  }
  const engine = await startEngine(options.world);
  const ops = `127.0.0.1:${await freePort()}`;
  const service = await startService(engine.found, ['--ops-listen', ops]);
  return {
    target: service.found,
    metrics: `http://${ops}/metrics`,
    async stop() {
      await service.stop();
      await engine.stop();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Reads the target's figures; none when they can't be had. */
async function readMetrics(): Promise<string> {
  try {
    return await (await fetch(metrics, { signal: AbortSignal.timeout(GRACE_MS) })).text();
  } catch (error) {
    console.warn(`no figures at ${metrics}, so no latencies: ${String(error)}`);
    return '';
  }
}

function cpuSecondsIn(text: string): number {
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1]);
}

/** Returns the words and how often each comes. */
function countOf(errors: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of errors) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, times]) => `${times} x ${word}`).join(', ') || 'none';
}

async function isInstalled(command: string): Promise<boolean> {
  return promisify(execFile)(command, ['--version']).then(
    () => true,
    () => false,
  );
}
