// Resident memory of the service with 100,000 VMs, while it reads them over and over.
// Usage: npm run build && npx tsx bench/memory.ts [hosts] [vms] [seconds]
import { setTimeout } from 'node:timers/promises';
import { startEngine, startService } from './processes.js';

const [hosts = 1000, vms = 100_000, seconds = 90] = process.argv.slice(2).map(Number);

const engine = await startEngine(`${hosts}x${vms}:7`);
const service = await startService(engine.found, ['--inventory-refresh-interval', '5s']);
console.log(
  `first snapshot of ${vms} VMs: resident ${service.memory().now} MiB, highest ${service.memory().highest} MiB`,
);
for (let n = 0; n < seconds; n += 10) {
  await setTimeout(10_000);
  console.log(
    `after ${n + 10} s: resident ${service.memory().now} MiB, highest ${service.memory().highest} MiB`,
  );
}
await service.stop();
await engine.stop();
