import { applyDelta } from '../src/domain/snapshot-delta.js';
import { host, snapshotOf, vm } from '../test/support/world.js';
import { measure, QUICK, ROUNDS, rowOf } from './measure.js';
import { cpuMsOf } from './processes.js';
import { report, type Row } from './report.js';

// One migration applied to a snapshot, and the first score after it, against a snapshot that is built anew.
const SIZES = QUICK ? [1000, 100_000] : [1000, 10_000, 100_000, 200_000];
const VMS_A_HOST = 20;
const own = { cpuMs: () => cpuMsOf(process.pid) };
const rows: Row[] = [];
const points = new Map<string, [number, number][]>();

for (const size of SIZES) {
  const hosts = Array.from({ length: size / VMS_A_HOST }, (_, n) => host(n));
  const osType = (n: number) => ['rhel_8x64', 'rhel_9x64', 'windows_2019x64', 'debian_9'][n % 4];
  const vms = Array.from({ length: size }, (_, n) => vm(n, osType(n), { on: n % hosts.length }));
  let snapshot = snapshotOf(hosts, vms);
  let turn = 0;
  const figures = await measure(
    [
      {
        name: 'one event',
        servers: [own],
        run(calls) {
          for (let n = 0; n < calls; n++, turn++) {
            const number = turn % size;
            const moved = vm(number, osType(number), { on: (number + turn + 1) % hosts.length });
            snapshot = applyDelta(snapshot, {
              ...{ time: snapshot.time + 1, memoryTime: snapshot.memoryTime, eventId: turn },
              ...{ hosts: { changed: [], removed: [] }, vms: { changed: [moved], removed: [] } },
            });
            snapshot.os.configured.match(moved.os.configured);
          }
          return Promise.resolve();
        },
      },
      {
        name: 'built anew',
        servers: [own],
        run(calls) {
          for (let n = 0; n < calls; n++) snapshotOf(hosts, vms);
          return Promise.resolve();
        },
      },
    ],
    { ...ROUNDS, warmUp: 20, most: ROUNDS.least },
  );
  for (const each of figures) {
    rows.push(rowOf(each, { VMs: size, hosts: hosts.length }));
    points.set(each.name, [...(points.get(each.name) ?? []), [size, each.cpuMs]]);
  }
}
report('event', rows, [
  {
    title: 'CPU of the next snapshot',
    x: 'VMs',
    y: 'ms',
    series: [...points].map(([name, points]) => ({ name, points })),
  },
]);
