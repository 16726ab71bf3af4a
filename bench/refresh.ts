// The longest pause of the event loop while an inventory reads 10,000 VMs, several times in a row.
// Usage: npm run build && npx tsx bench/refresh.ts [hosts] [vms] [refreshes]
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createEngineClient } from '../src/inventory/engine-client.js';
import { createInventory } from '../src/inventory/inventory.js';
import { createLog } from '../src/log.js';
import { startEngine } from './processes.js';

const [hosts = 500, vms = 10_000, refreshes = 5] = process.argv.slice(2).map(Number);

const engine = await startEngine(`${hosts}x${vms}:7`);
const log = createLog({ level: 'warn', format: 'text' });
const client = createEngineClient({
  url: engine.found,
  credentials: { kind: 'oauth', username: 'admin@internal', password: 'simulator' },
  log,
});

for (let n = 1; n <= refreshes; n += 1) {
  const inventory = createInventory({ client, log });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.cpuUsage();
  const begin = performance.now();
  delay.enable();
  inventory.start();
  const snapshot = await inventory.ready();
  delay.disable();
  const { user, system } = process.cpuUsage(cpu);
  const ms = (nanoseconds: number) => (nanoseconds / 1e6).toFixed(1);
  console.log(
    `refresh ${n}: ${snapshot.hosts.length} hosts, ${vms} VMs in ${Math.round(performance.now() - begin)} ms, CPU ${Math.round((user + system) / 1000)} ms; ` +
      `event loop pauses: median ${ms(delay.percentile(50))} ms, p99 ${ms(delay.percentile(99))} ms, longest ${ms(delay.max)} ms`,
  );
  await inventory.close();
}
await client.close();
await engine.stop();
