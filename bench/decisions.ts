import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGrpcCaller } from './grpc-caller.js';
import { inFlight, measure, rowOf } from './measure.js';
import { quantile, startService } from './processes.js';
import { report, type Row } from './report.js';
import { SCORE_HOSTS, scoreRequest, startSized } from './sized-service.js';

// ScoreHosts, all units, of one list of hosts: with decisions off, on as by default (of a flood of calls a sample is recorded), with
// each call recorded, and each recorded and compared with a shadow policy whose units all answered.
const SIZES = [10, 1000];
const CALLERS = 4;

const SHADOWED = `
policies: { other: { scores: { ksm_same_os_score: 3, even_vm_distribution: 1 } } }
shadow: [{ name: other, policy: other }]
`;

const folder = mkdtempSync(join(tmpdir(), 'hostscore-bench-'));
const config = join(folder, 'shadow.yaml');
writeFileSync(config, SHADOWED);
const EACH = ['--decisions-grpc-rate', '100000'];
const WAYS: readonly (readonly [name: string, flags: readonly string[]])[] = [
  ['off', ['--decisions-enabled', 'false']],
  ['on', []],
  ['each call', EACH],
  ['each call, a shadow', [...EACH, '--config', config]],
];

const rows: Row[] = [];
for (const hosts of SIZES) {
  const sized = await startSized(hosts, ['--decisions-enabled', 'false']);
  const message = scoreRequest(sized);
  const calm = ['--inventory-event-interval', '0s', '--inventory-refresh-interval', '1h'];
  const ways = await Promise.all(
    WAYS.map(async ([name, flags]) => {
      const late = ['--inventory-max-staleness', '2h'];
      const server = await startService(sized.engine.found, [...calm, ...late, ...flags]);
      const caller = createGrpcCaller(server.found);
      const latencies: number[] = [];
      const call = async () => {
        const begin = performance.now();
        await caller.unary(SCORE_HOSTS, message);
        latencies.push(performance.now() - begin);
      };
      return {
        name,
        server,
        caller,
        latencies,
        way: { name, servers: [server], run: inFlight(CALLERS, call) },
      };
    }),
  );
  const figures = await measure(ways.map(({ way }) => way));
  const [off] = figures;
  for (const [place, each] of figures.entries()) {
    const sorted = (ways[place]?.latencies ?? []).sort((left, right) => left - right);
    rows.push({
      ...rowOf(each, { hosts }),
      'us more': Math.round((each.cpuMs - (off?.cpuMs ?? 0)) * 1000),
      'p99 ms': quantile(sorted, 0.99),
    });
  }
  for (const { caller, server } of ways) {
    caller.close();
    await server.stop();
  }
  await sized.stop();
}
rmSync(folder, { recursive: true });

report('decisions', rows, []);
