// StreamScoreHosts of 1,000 hosts over 20,000 VMs: 1 and 32 streams whose caller reads on, against unary ScoreHosts of the
// same requests. All take turns, so that the ratios hold when the machine's speed drifts.
// Usage: npm run build && npx tsx bench/stream.ts [hosts] [vms] [rounds] [explain]
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { policyUnitMethods } from '../src/rpc/proto.js';
import { generatedWorld } from '../src/simulator/generated-world.js';
import { quantile, startEngine, startService } from './processes.js';

const [hosts = 1000, vms = 20_000, rounds = 20] = process.argv.slice(2).map(Number);
const explain = process.argv[5] === 'explain';
const SEED = 7;
const ANSWERS_A_ROUND = 192;
const WARM_UP_ROUNDS = 5;
/** Requests that a caller of a stream sends ahead. */
const AHEAD = 16;

const engine = await startEngine(`${hosts}x${vms}:${SEED}`);
const service = await startService(engine.found, [
  ...['--inventory-refresh-interval', '1h', '--inventory-max-staleness', '2h'],
]);

const world = generatedWorld({ hosts, vms, seed: SEED });
const vm_id = world.vmsByName().find(({ hostId }) => hostId !== undefined)?.id ?? '';
const request = policyUnitMethods.ScoreHosts.requestSerialize({
  vm_id,
  host_ids: world.hostsByName().map(({ id }) => id),
  explain,
});
const client = new Client(service.found, credentials.createInsecure());
const asIs = (bytes: Buffer) => bytes;

/** Gets that many answers one after another. */
function unary(left: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const { path } = policyUnitMethods.ScoreHosts;
    client.makeUnaryRequest(path, asIs, asIs, request, (error) => {
      if (error !== null) reject(error);
      else resolve(left > 1 ? unary(left - 1) : undefined);
    });
  });
}

/** Gets that many answers from a stream. */
function stream(answers: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const { path } = policyUnitMethods.StreamScoreHosts;
    const call = client.makeBidiStreamRequest(path, asIs, asIs, new Metadata());
    let left = answers;
    const send = (count: number) => {
      for (let n = 0; n < count; n += 1) call.write(request);
    };
    call.on('data', () => {
      left -= 1;
      if (left >= AHEAD) send(1);
      if (left === 0) call.end();
    });
    call.on('error', reject);
    call.on('end', resolve);
    send(Math.min(AHEAD, answers));
  });
}

const ways = {
  unary: () => unary(ANSWERS_A_ROUND),
  '1 stream': () => stream(ANSWERS_A_ROUND),
  '32 streams': async () => {
    await Promise.all(Array.from({ length: 32 }, () => stream(ANSWERS_A_ROUND / 32)));
  },
};

interface Round {
  readonly cpuMs: number;
  readonly wallMs: number;
}

async function round(run: () => Promise<void>): Promise<Round> {
  const cpuBefore = service.cpuMs();
  const begin = performance.now();
  await run();
  const wallMs = (performance.now() - begin) / ANSWERS_A_ROUND;
  return { cpuMs: (service.cpuMs() - cpuBefore) / ANSWERS_A_ROUND, wallMs };
}

const measured = new Map(Object.keys(ways).map((way) => [way, [] as Round[]]));
for (let n = 0; n < WARM_UP_ROUNDS + rounds; n += 1) {
  for (const [way, run] of Object.entries(ways)) {
    const result = await round(run);
    if (n >= WARM_UP_ROUNDS) measured.get(way)?.push(result);
  }
}

const median = (values: readonly number[]) =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
const unaryRounds = measured.get('unary') ?? [];
for (const [way, results] of measured) {
  const ratios = results.map(({ cpuMs }, index) => cpuMs / (unaryRounds[index]?.cpuMs ?? Number.NaN));
  console.log(
    `${way.padEnd(10)} ${hosts} hosts: ${median(results.map(({ wallMs }) => wallMs)).toFixed(3)} ms an answer, server CPU ${median(results.map(({ cpuMs }) => cpuMs)).toFixed(3)} ms, ${median(ratios).toFixed(3)} of unary`,
  );
}

client.close();
await service.stop();
await engine.stop();
