import { setTimeout } from 'node:timers/promises';
import { createRpcClient } from '../src/rpc/client.js';
import { QUICK } from './measure.js';
import { quantile, start } from './processes.js';
import { report } from './report.js';

// From the start of the program to the first score over the demo world, against the start of a node that prints a word.
const ROUNDS = QUICK ? 3 : 21;
const VM = 'b0000000-0000-4000-8000-000000000083';
const LISTEN = ['--bridge-listen', '127.0.0.1:0', '--ops-listen', '127.0.0.1:0', '--log-level', 'warn'];

async function bare(): Promise<number> {
  const begin = performance.now();
  const node = await start(['-e', 'console.log("hello"); setInterval(() => undefined, 1000)'], /hello/);
  const ms = performance.now() - begin;
  await node.stop();
  return ms;
}

async function toFirstScore(): Promise<number> {
  const begin = performance.now();
  const args = ['dist/main.js', 'serve', '--demo', '--server-listen', '127.0.0.1:0', ...LISTEN];
  const service = await start(args, /Scores hosts at (\S+:\d+)[.;]/);
  const client = createRpcClient({ target: service.found });
  const request = {
    vmId: VM,
    hosts: 'ALL_UP',
    units: [],
    properties: new Map(),
    assumedPlacements: [],
  } as const;
  for (;;) {
    const call = { requestId: 'bench', signal: new AbortController().signal, deadline: Date.now() + 10_000 };
    try {
      await client.scoreHosts({ ...request, explain: false }, call);
      break;
    } catch (error) {
      if (performance.now() - begin > 10_000) throw error;
      await setTimeout(1);
    }
  }
  const ms = performance.now() - begin;
  client.close();
  await service.stop();
  return ms;
}

const ways = { 'node, hello': bare, 'serve --demo, first score': toFirstScore };
const times = new Map(Object.keys(ways).map((name) => [name, new Array<number>()]));
for (let n = 0; n <= ROUNDS; n++) {
  for (const [name, run] of Object.entries(ways)) {
    const ms = await run();
    // The first reads the files from the disk.
    if (n > 0) times.get(name)?.push(ms);
  }
}
const base = quantile(
  (times.get('node, hello') ?? []).toSorted((a, b) => a - b),
  0.5,
);
report(
  'startup',
  [...times].map(([way, values]) => {
    const sorted = values.toSorted((a, b) => a - b);
    const median = quantile(sorted, 0.5);
    return { way, 'median ms': median, 'more than node ms': median - base, 'p90 ms': quantile(sorted, 0.9) };
  }),
);
