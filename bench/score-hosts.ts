import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGrpcCaller } from './grpc-caller.js';
import { inFlight, measure, QUICK, rowOf, type Way } from './measure.js';
import { start, type Measured } from './processes.js';
import { report, type Row } from './report.js';
import { SCORE_HOSTS, scoreRequest, startSized, UNIT } from './sized-service.js';

// ScoreHosts against two floors: what a server of grpc-js costs that decodes the request and sends bytes made beforehand, and
// one that sends an object made beforehand. Each call asks for the same list of hosts, or for another.
const SIZES = QUICK ? [10, 1000] : [10, 100, 1000, 10_000];
const CALLERS = 4;
/** Lists in different orders: more than a service remembers. */
const LISTS = 64;

const rows: Row[] = [];
const points = new Map<string, [number, number][]>();
const folder = mkdtempSync(join(tmpdir(), 'hostscore-bench-'));

for (const hosts of SIZES) {
  const sized = await startSized(hosts);
  const service = createGrpcCaller(sized.service.found);
  for (const units of [[UNIT], []]) {
    const message = scoreRequest(sized, { units });
    const file = join(folder, `${hosts}-${units.length}`);
    writeFileSync(file, await service.unary(SCORE_HOSTS, message));
    const floors = await Promise.all(
      ['bytes', 'object'].map(async (form) => {
        const server = await start(['bench/floor-server.mjs', file, form], /listening on (\S+) now/);
        return { form, server, caller: createGrpcCaller(server.found) };
      }),
    );
    const others = Array.from({ length: LISTS }, (_, turn) => scoreRequest(sized, { units, turn }));
    let turn = 0;
    const way = (name: string, server: Measured, call: () => Promise<unknown>): Way => ({
      name,
      servers: [server],
      run: inFlight(CALLERS, call),
    });
    const figures = await measure([
      ...floors.map(({ form, server, caller }) =>
        way(`floor: ${form}`, server, () => caller.unary(SCORE_HOSTS, message)),
      ),
      way('same list', sized.service, () => service.unary(SCORE_HOSTS, message)),
      way('another list', sized.service, () => service.unary(SCORE_HOSTS, others[turn++ % LISTS] ?? message)),
    ]);
    for (const each of figures) {
      const about = { hosts, units: units.length === 0 ? 'all' : 'one' };
      rows.push(rowOf(each, about));
      const name = `${each.name}, ${about.units}`;
      points.set(name, [...(points.get(name) ?? []), [hosts, each.cpuMs]]);
    }
    for (const { server, caller } of floors) {
      caller.close();
      await server.stop();
    }
  }
  service.close();
  await sized.stop();
}
rmSync(folder, { recursive: true });

report('score-hosts', rows, [
  {
    title: 'CPU of the server for one ScoreHosts',
    x: 'hosts',
    y: 'ms',
    series: [...points].map(([name, points]) => ({ name, points })),
  },
]);
