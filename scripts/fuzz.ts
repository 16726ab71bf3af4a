/**
 * Sends mutated inputs into a decoder. Whatever comes of one but a value or a refusal, and whatever is slow, is printed with
 * its seed, and the exit code is 1.
 *
 * Usage: npm run fuzz -- NAME [COUNT [FIRST_SEED]], where NAME is xml-rpc or one of test/fuzz/targets.ts
 */
import { createRandom } from '../test/bridge/xml-rpc/mutation.js';
import { mutateBytes } from '../test/fuzz/target.js';
import { FUZZ_TARGETS } from '../test/fuzz/targets.js';

const DEFAULT_COUNT = 100_000;
/** Most CPU time for an input, in ms: they have a few KB. */
const MAX_MS = 250;
/** Failures after which there is no point in going on. */
const MAX_FAILURES = 20;

const [, , name = '', ...numbers] = process.argv;
const target = FUZZ_TARGETS[name];
if (name === 'xml-rpc') {
  // Has a body format of its own, and a server.
  process.argv.splice(2, 1);
  await import('./fuzz-xml-rpc.js');
} else if (target === undefined) {
  console.error(
    `usage: npm run fuzz -- ${['xml-rpc', ...Object.keys(FUZZ_TARGETS)].join('|')} [COUNT [FIRST_SEED]]`,
  );
  process.exitCode = 2;
} else {
  const [count = DEFAULT_COUNT, firstSeed = Date.now() % 2 ** 31] = numbers.map(Number);
  const outcomes = new Map<string, number>();
  let failures = 0;
  let slowestMs = 0;
  let done = 0;
  for (; done < count && failures < MAX_FAILURES; done += 1) {
    const seed = firstSeed + done;
    const random = createRandom(seed);
    const bytes = mutateBytes(target.seeds, random);
    const before = process.cpuUsage();
    try {
      const outcome = await target.run(bytes, random);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      failures += 1;
      console.error(`seed ${seed}:`, error);
    }
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    slowestMs = Math.max(slowestMs, ms);
    if (ms <= MAX_MS) continue;
    failures += 1;
    console.error(`seed ${seed}: took ${ms.toFixed(0)} ms of CPU for ${bytes.length} bytes`);
  }
  console.log(`${name}: ${done} inputs, seeds ${firstSeed} to ${firstSeed + done - 1}, ${failures} failures`);
  console.log([...outcomes].map(([outcome, times]) => `${times} x ${outcome}`).join('; '));
  console.log(`slowest: ${slowestMs.toFixed(1)} ms of CPU`);
  if (failures > 0) process.exitCode = 1;
}
