// Replicas behind one name and a bridge over them, called by 16 callers at a time by XML-RPC and by one by gRPC: each
// replica in turn is drained (SIGTERM), killed (SIGKILL) and stopped (SIGSTOP for 10 s), and started again.
// Usage: npm run build && npx tsx bench/rolling-restart.ts [--program PATH] [rounds] [callers] [pause in ms] [replicas]
// By default the program is the one that was built.
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startNode, startProgram } from '../test/support/process.js';
import { startReplicas, type Tally } from '../test/support/replicas.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { program: { type: 'string' } },
});
const [rounds = 10, callers = 16, pauseMs = 20, count = 3] = positionals.map(Number);
const { program } = values;
/** A replica takes its calls for so long before its first reading is there. */
const FIRST_READING_MS = 1000;
const DEAD_MS = 1000;
const STOPPED_MS = 10_000;
const SETTLE_MS = 2000;

const replicas = await startReplicas(
  (args, variables) =>
    program === undefined
      ? startNode(['dist/main.js', ...args], variables)
      : startProgram(program, args, variables),
  count,
);
process.once('exit', () => {
  for (const { child } of [replicas.bridge, ...replicas.processes]) child.kill('SIGKILL');
});
replicas.simulator.faults.set({ latency: { path: '/api', ms: FIRST_READING_MS } });
let bridgeLines = '';
replicas.bridge.child.stderr.on('data', (chunk: string) => (bridgeLines += chunk));
replicas.call({ callers, pauseMs });
await setTimeout(SETTLE_MS);

const actions: readonly { readonly name: string; readonly run: (replica: number) => Promise<void> }[] = [
  {
    name: 'SIGTERM',
    async run(replica) {
      replicas.signal(replica, 'SIGTERM');
      await replicas.ended(replica);
      await setTimeout(DEAD_MS);
      await replicas.start(replica);
    },
  },
  {
    name: 'SIGKILL',
    async run(replica) {
      replicas.signal(replica, 'SIGKILL');
      await replicas.ended(replica);
      await setTimeout(DEAD_MS);
      await replicas.start(replica);
    },
  },
  {
    name: 'SIGSTOP',
    async run(replica) {
      replicas.signal(replica, 'SIGSTOP');
      await setTimeout(STOPPED_MS);
      replicas.signal(replica, 'SIGCONT');
    },
  },
];

/** Sums of one action over all rounds. */
const sums = new Map(
  actions.map(({ name }) => [name, { times: 0, bridge: sumOf(), grpc: sumOf(), breaker: 0 }]),
);

function sumOf() {
  return { calls: 0, failed: 0, most: 0, slowestMs: 0, reasons: new Map<string, number>() };
}

function add(sum: ReturnType<typeof sumOf>, tally: Tally): void {
  sum.calls += tally.calls;
  sum.failed += tally.failed;
  sum.most = Math.max(sum.most, tally.failed);
  sum.slowestMs = Math.max(sum.slowestMs, tally.slowestMs);
  for (const [words, times] of tally.reasons) {
    sum.reasons.set(words, (sum.reasons.get(words) ?? 0) + times);
  }
}

replicas.look();
for (let round = 0; round < rounds; round += 1) {
  for (const { name, run } of actions) {
    for (let replica = 0; replica < count; replica += 1) {
      bridgeLines = '';
      await run(replica);
      await setTimeout(SETTLE_MS);
      const { bridge, grpc } = replicas.look();
      const sum = sums.get(name);
      if (sum === undefined) continue;
      sum.times += 1;
      add(sum.bridge, bridge);
      add(sum.grpc, grpc);
      sum.breaker += bridgeLines.split('circuit opened').length - 1;
      console.error(
        `round ${round + 1}, ${name} of ${replica + 1}: ${bridge.failed} of ${bridge.calls}; gRPC ${grpc.failed} of ${grpc.calls}`,
      );
    }
  }
}

console.log(
  `${callers} callers of the bridge at a time, ${pauseMs} ms between two calls of each; one gRPC caller; ${rounds} rounds of ${count} replicas`,
);
console.log(
  '| what | bridge: failed of calls (most at once) | slowest | breaker opened | gRPC: failed of calls (most) |',
);
console.log('|---|---|---|---|---|');
for (const [name, { times, bridge, grpc, breaker }] of sums) {
  console.log(
    `| ${name} x ${times} | ${bridge.failed} of ${bridge.calls} (${bridge.most}) | ${bridge.slowestMs.toFixed(0)} ms | ${breaker} | ${grpc.failed} of ${grpc.calls} (${grpc.most}) |`,
  );
}
/** Most failed calls of the bridge at one event: a replica that hangs costs those that it has, then some each 5 s. */
const MOST_FAILED: Readonly<Record<string, number>> = { SIGTERM: 0, SIGKILL: 0, SIGSTOP: 2 * callers };
for (const [name, { bridge, grpc }] of sums) {
  if (bridge.most > (MOST_FAILED[name] ?? 0)) process.exitCode = 1;
  for (const [kind, { reasons }] of Object.entries({ bridge, grpc })) {
    for (const [words, times] of [...reasons].sort(([, a], [, b]) => b - a).slice(0, 5)) {
      console.log(`${name}, ${kind}: ${times} x ${words.slice(0, 160)}`);
    }
  }
}
await replicas.close();
