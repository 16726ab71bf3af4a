/**
 * Sends mutated bodies through the XML-RPC codec, and a share of them through a real server. Whatever comes of one but a
 * value or a fault, and whatever is slow, is printed with its seed, and the exit code is 1.
 *
 * Usage: npm run fuzz -- xml-rpc [COUNT [FIRST_SEED]]
 */
import { request } from 'node:http';
import { callXmlRpc } from '../src/bridge/client.js';
import { MAX_BODY_BYTES } from '../src/bridge/request.js';
import { startXmlRpcServer } from '../src/bridge/server.js';
import { createLog } from '../src/process/log.js';
import { fuzzOne } from '../test/bridge/xml-rpc/fuzz-one.js';
import { createRandom, mutate } from '../test/bridge/xml-rpc/mutation.js';
import { HUGE_BODIES, SEED_BODIES } from '../test/bridge/xml-rpc/seeds.js';

const DEFAULT_COUNT = 100_000;
/** Each so many'th body is made from a huge one. */
const HUGE_SHARE = 500;
/** Each so many'th body goes over a socket too. */
const SOCKET_SHARE = 20;
/** Most CPU time for a body of up to 64 KiB, in ms; a longer one has as much more as it is longer. */
const MAX_MS = 250;
const SIZE_UNIT = 64 * 1024;
/** Failures after which there is no point in going on. */
const MAX_FAILURES = 20;

const [count = DEFAULT_COUNT, firstSeed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);

const outcomes = { value: 0, fault: 0 };
const statuses = new Map<string, number>();
let failures = 0;
let bytes = 0;
const slowest = { ms: 0, seed: 0, bytes: 0 };

function fail(seed: number, reason: unknown): void {
  failures += 1;
  console.error(`seed ${seed}:`, reason);
}

function readOne(seed: number, body: Buffer): void {
  const before = process.cpuUsage();
  try {
    outcomes[fuzzOne(body)] += 1;
  } catch (error) {
    fail(seed, error);
  }
  const { user, system } = process.cpuUsage(before);
  const ms = (user + system) / 1000;
  bytes += body.length;
  if (ms > slowest.ms) Object.assign(slowest, { ms, seed, bytes: body.length });
  const most = MAX_MS * Math.max(1, body.length / SIZE_UNIT);
  if (ms > most)
    fail(seed, `took ${ms.toFixed(0)} ms of CPU for ${body.length} bytes, more than ${most.toFixed(0)}`);
}

/** Sends a body, whole or chunked; the status, or 'closed'. */
function sendOne(port: number, body: Buffer, pieces: number): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request(
      { port, host: '127.0.0.1', method: 'POST', headers: { 'Content-Type': 'text/xml' }, agent: false },
      (response) => {
        response.resume();
        response.once('close', () => resolve(String(response.statusCode)));
      },
    );
    outgoing.once('error', () => resolve('closed'));
    for (let piece = 0; piece < pieces; piece += 1) {
      outgoing.write(body.subarray((piece * body.length) / pieces, ((piece + 1) * body.length) / pieces));
    }
    outgoing.end();
  });
}

const server = await startXmlRpcServer({
  listen: { host: '127.0.0.1', port: 0 },
  maxConcurrentRequests: 64,
  dispatch: (_method, value) => Promise.resolve({ value, outcome: 'ok' }),
  log: createLog({ level: 'warn', format: 'text' }),
});

const startedAt = performance.now();
let done = 0;
for (; done < count && failures < MAX_FAILURES; done += 1) {
  const seed = firstSeed + done;
  const random = createRandom(seed);
  const body = mutate(done % HUGE_SHARE === 0 ? HUGE_BODIES : SEED_BODIES, random);
  readOne(seed, body);
  if (done % SOCKET_SHARE === 0) {
    const status = await sendOne(server.port, body, 1 + random.below(3));
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const expected = body.length > MAX_BODY_BYTES ? '413' : '200';
    if (status !== expected) fail(seed, `the server answered a body with ${status}`);
  }
}
const { signal } = new AbortController();
const target = { url: `http://${server.address}/`, timeoutMs: 5000, signal };
const answer = await callXmlRpc(target, 'echo', ['still there']);
if (JSON.stringify(answer) !== '["still there"]') fail(0, 'the server does not answer any more');
await server.close(1000);

console.log(
  `${done} bodies, ${(bytes / 2 ** 20).toFixed(0)} MiB, seeds ${firstSeed} to ${firstSeed + done - 1}`,
);
console.log(`${outcomes.value} values, ${outcomes.fault} faults, ${failures} failures`);
console.log(`over sockets: ${[...statuses].map(([status, times]) => `${times} x ${status}`).join(', ')}`);
console.log(`slowest: ${slowest.ms.toFixed(1)} ms of CPU for ${slowest.bytes} bytes, seed ${slowest.seed}`);
console.log(`${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
if (failures > 0) process.exitCode = 1;
