import { setTimeout } from 'node:timers/promises';
import { QUICK } from './measure.js';
import { startEngine, startService } from './processes.js';
import { report } from './report.js';
import { controlOf } from './simulator-control.js';

// What the engine is asked and answers in a minute, by a service that follows its events, when nothing happens and when 1 % of
// the VMs change a minute; against a full listing every 30 s. The other reference, the old samples of plugins, makes 1 + hosts
// requests in each call.
const [hosts, vms, seconds] = QUICK ? [1000, 20_000, 20] : [1000, 20_000, 120];
const LISTINGS_A_MINUTE = 2;
const RELISTINGS_A_MINUTE = 0.1;

const engine = await startEngine(`${hosts}x${vms}:7`);
const control = controlOf(engine.found);
// No listing falls into the time of measurement; its share is added.
const service = await startService(engine.found, ['--inventory-relist-interval', '1h']);
const listing = await control.traffic();
const rows = [];
const today = { bytes: LISTINGS_A_MINUTE * listing.bytes, requests: LISTINGS_A_MINUTE * listing.requests };
rows.push({
  world: 'any',
  way: 'a listing every 30 s',
  'requests/min': today.requests,
  'KB/min': today.bytes / 1000,
});
for (const [world, share] of [
  ['idle', 0],
  ['1 % of the VMs change a minute', 0.01],
] as const) {
  await control.churn((share * vms) / 60);
  await setTimeout(3000);
  await control.traffic();
  await setTimeout(1000 * seconds);
  const { requests, bytes, kinds } = await control.traffic();
  for (const [path, kind] of Object.entries(kinds))
    console.log(`${world}: ${path}: ${kind.requests} requests, ${kind.bytes} bytes`);
  for (const [way, listings] of [
    ['events, between listings', 0],
    ['events and listings', RELISTINGS_A_MINUTE],
  ] as const) {
    const sum = (measured: number, listed: number) => (60 * measured) / seconds + listings * listed;
    const kilobytes = sum(bytes, listing.bytes) / 1000;
    rows.push({
      ...{ world, way, 'requests/min': sum(requests, listing.requests), 'KB/min': kilobytes },
      'bytes less': `${(today.bytes / 1000 / kilobytes).toFixed(1)} x`,
    });
  }
}
report('engine-traffic', rows);
await service.stop();
await engine.stop();
