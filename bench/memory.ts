import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { QUICK } from './measure.js';
import { quantile, startEngine, startService } from './processes.js';
import { report } from './report.js';
import { controlOf } from './simulator-control.js';

// Resident memory of the service with 100,000 VMs, while an hour's events and listings come in 10 minutes: 1 % of the VMs
// change a minute, and everything is listed every 10 minutes. Node has the options that it has in the image.
const [hosts, vms, minutes] = QUICK ? [100, 10_000, 0.5] : [1000, 100_000, 10];
const FASTER = 60 / 10;
const SAMPLE_MS = 2000;

const engine = await startEngine(`${hosts}x${vms}:7`);
const relist = `${600_000 / FASTER}ms`;
const NODE_OPTIONS = /NODE_OPTIONS="(.*)"/.exec(readFileSync('Dockerfile', 'utf8'))?.[1] ?? '';
const service = await startService(engine.found, ['--inventory-relist-interval', relist], { NODE_OPTIONS });
const control = controlOf(engine.found);
await control.traffic();
await control.churn((FASTER * 0.01 * vms) / 60);
const samples: (readonly [seconds: number, mib: number])[] = [];
const begin = performance.now();
while (performance.now() - begin < minutes * 60_000) {
  await setTimeout(SAMPLE_MS);
  samples.push([Math.round((performance.now() - begin) / 1000), service.memory().now]);
}
const { kinds } = await control.traffic();
const requests = (kind: RegExp) =>
  Object.entries(kinds)
    .filter(([path]) => kind.test(path))
    .reduce((sum, [, one]) => sum + one.requests, 0);
const third = Math.floor(samples.length / 3);
const medianOf = (part: typeof samples) =>
  quantile(
    part.map(([, mib]) => mib).toSorted((a, b) => a - b),
    0.5,
  );
report(
  'memory',
  [
    {
      ...{ hosts, VMs: vms, minutes, listings: requests(/\/vms$/), 'VMs read': requests(/\/vms\/ID$/) },
      ...{ 'highest MiB': service.memory().highest },
      ...{ 'second third MiB': medianOf(samples.slice(third, 2 * third)) },
      ...{ 'last third MiB': medianOf(samples.slice(2 * third)), 'CPU s': service.cpuMs() / 1000 },
    },
  ],
  [{ title: 'Resident memory', x: 'seconds', y: 'MiB', series: [{ name: 'resident', points: samples }] }],
);
await service.stop();
await engine.stop();
