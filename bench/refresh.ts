// The longest pause of the event loop while an inventory reads 10,000 VMs, several times in a row: the first time all are
// new to it, later none has changed.
// Usage: npm run build && npx tsx bench/refresh.ts [hosts] [vms] [refreshes]
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { engineSection, inventorySection } from '../src/config/sections.js';
import { createEngineClient } from '../src/inventory/engine-client.js';
import { createInventory } from '../src/inventory/inventory.js';
import { createLog } from '../src/process/log.js';
import { startEngine } from './processes.js';

/** Pause from one refresh to the next: long enough to tell their figures apart. */
const PAUSE_MS = 500;

const [hosts = 500, vms = 10_000, refreshes = 5] = process.argv.slice(2).map(Number);

const engine = await startEngine(`${hosts}x${vms}:7`);
const log = createLog({ level: 'warn', format: 'text' });
const client = createEngineClient({
  settings: {
    ...engineSection.parse({}),
    url: engine.found,
    username: 'admin@internal',
    password: () => 'simulator',
  },
  log,
});

let n = 0;
let cpu = process.cpuUsage();
const delay = monitorEventLoopDelay({ resolution: 1 });
const ms = (nanoseconds: number) => (nanoseconds / 1e6).toFixed(1);
const inventory = createInventory({
  client,
  log,
  settings: { ...inventorySection.parse({}), refreshInterval: PAUSE_MS },
  // In the middle: neither earlier nor later.
  random: () => 0.5,
  onRefresh({ durationMs }) {
    n += 1;
    const { user, system } = process.cpuUsage(cpu);
    console.log(
      `refresh ${n}: ${hosts} hosts, ${vms} VMs in ${Math.round(durationMs)} ms, CPU ${Math.round((user + system) / 1000)} ms; ` +
        `event loop pauses: median ${ms(delay.percentile(50))} ms, p99 ${ms(delay.percentile(99))} ms, longest ${ms(delay.max)} ms`,
    );
    delay.reset();
    cpu = process.cpuUsage();
    if (n === refreshes) ended();
  },
});
let ended: () => void = () => undefined;
const done = new Promise<void>((resolve) => {
  ended = resolve;
});
delay.enable();
inventory.start();
await done;
await inventory.close();
await client.close();
await engine.stop();
