// The longest pause of the event loop while an inventory reads 100,000 VMs, several times in a row: the first time all are
// new to it, later none has changed.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { engineSection, inventorySection } from '../src/config/sections.js';
import { createEngineClient } from '../src/inventory/engine-client.js';
import { createInventory } from '../src/inventory/inventory.js';
import { createLog } from '../src/process/log.js';
import { startEngine } from './processes.js';
import { report, type Row } from './report.js';

/** Pause from one refresh to the next: long enough to tell their figures apart. */
const PAUSE_MS = 500;

const [hosts = 1000, vms = 100_000, refreshes = 5] = process.argv
  .slice(2)
  .filter((word) => word !== '--quick')
  .map(Number);
const rows: Row[] = [];

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
const ms = (nanoseconds: number) => nanoseconds / 1e6;
const inventory = createInventory({
  client,
  log,
  settings: { ...inventorySection.parse({}), eventInterval: 0, refreshInterval: PAUSE_MS },
  // In the middle: neither earlier nor later.
  random: () => 0.5,
  onRefresh({ durationMs }) {
    n += 1;
    const { user, system } = process.cpuUsage(cpu);
    rows.push({
      ...{ reading: n, hosts, VMs: vms, ms: durationMs, 'CPU ms': (user + system) / 1000 },
      ...{
        'pause p50 ms': ms(delay.percentile(50)),
        'p99 ms': ms(delay.percentile(99)),
        'longest ms': ms(delay.max),
      },
    });
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
report('refresh', rows);
await inventory.close();
await client.close();
await engine.stop();
