// runCostFunctions through the bridge while one of two services accepts calls and never answers: the slowest call, and the
// median once the breaker is open. Its deadline is longer than the budget of the bridge, so that the budget is what holds.
// Usage: npm run build && npx tsx bench/hanging-service.ts [calls] [hosts] [vms]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatedWorld } from '../src/simulator/generated-world.js';
import { quantile, start, startBridge, startEngine, startService } from './processes.js';
import { costsCaller } from './xml-rpc-caller.js';

const [calls = 10_000, hosts = 100, vms = 2000] = process.argv.slice(2).map(Number);
const SEED = 7;
const BUDGET_MS = 1000;
const UNIT = 'ksm_same_os_score';

const engine = await startEngine(`${hosts}x${vms}:${SEED}`);
const service = await startService(engine.found);
const hanging = await start(['--import', 'tsx', 'bench/hanging-server.ts'], /listening on (\S+) now/);
const folder = mkdtempSync(join(tmpdir(), 'hostscore-bench-'));
const config = join(folder, 'hostscore.yaml');
writeFileSync(
  config,
  `services:\n  - { name: scorer, target: "${service.found}" }\n  - { name: hanging, target: "${hanging.found}", deadline: 30s }\n`,
);
const bridge = await startBridge(['--config', config]);

const world = generatedWorld({ hosts, vms, seed: SEED });
const vmId = world.vmsByName().find(({ hostId }) => hostId !== undefined)?.id ?? '';
const caller = costsCaller(
  bridge.found,
  [UNIT, 'hangs'],
  world.hostsByName().map(({ id }) => id),
  vmId,
);

const waited: number[] = [];
const failedFast: number[] = [];
for (let n = 0; n < calls; n += 1) {
  const { ms, answer } = await caller.call();
  if (answer.split(`<string>${UNIT}</string>`).length - 1 < hosts && !answer.includes(UNIT)) {
    throw new Error(`the other service's rows are missing: ${answer.slice(0, 500)}`);
  }
  (ms > BUDGET_MS / 2 ? waited : failedFast).push(ms);
}
waited.sort((a, b) => a - b);
failedFast.sort((a, b) => a - b);
const slowest = Math.max(waited.at(-1) ?? 0, failedFast.at(-1) ?? 0);
console.log(
  `${calls} calls: slowest ${slowest.toFixed(1)} ms (budget ${BUDGET_MS} ms); ${waited.length} waited for the service that hangs; the others: median ${quantile(failedFast, 0.5).toFixed(2)} ms, p99 ${quantile(failedFast, 0.99).toFixed(2)} ms, slowest ${(failedFast.at(-1) ?? 0).toFixed(1)} ms`,
);

caller.close();
rmSync(folder, { recursive: true });
await bridge.stop();
await hanging.stop();
await service.stop();
await engine.stop();
