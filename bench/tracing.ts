import { join } from 'node:path';
import { createGrpcCaller } from './grpc-caller.js';
import { inFlight, measure, QUICK, rowOf } from './measure.js';
import { start, startService } from './processes.js';
import { report, type Row } from './report.js';
import { SCORE_HOSTS, scoreRequest, startSized } from './sized-service.js';

// ScoreHosts, all units, of one list of hosts: with tracing off, loaded and sampling nothing, one call in a hundred traced, and
// each. With the folder of another build as argument (one of before there was tracing), that one is what the others are
// compared with.
const SIZES = QUICK ? [10] : [10, 1000];
const CALLERS = 4;
const [other] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));

/** Takes spans and forgets them. */
const SINK = `const server = require('node:http').createServer((request, response) => {
  request.resume().once('end', () => response.end());
}).listen(0, '127.0.0.1', () => console.log('sink at ' + server.address().port + ' now'));`;

const sink = await start(['-e', SINK], /sink at (\d+) now/);
const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sink.found}` };
const WAYS: readonly (readonly [name: string, env: Readonly<Record<string, string>>, build?: string])[] = [
  ...(other === undefined ? [] : ([['other build', {}, other]] as const)),
  ['off', {}],
  ['on, none sampled', { ...traced, OTEL_TRACES_SAMPLER: 'always_off' }],
  ['on, 1 in 100', { ...traced, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' }],
  ['on, each call', traced],
];

const rows: Row[] = [];
for (const hosts of SIZES) {
  const sized = await startSized(hosts);
  const message = scoreRequest(sized);
  const calm = ['--inventory-event-interval', '0s', '--inventory-refresh-interval', '1h'];
  const flags = [...calm, '--inventory-max-staleness', '2h', '--decisions-enabled', 'false'];
  const ways = await Promise.all(
    WAYS.map(async ([name, env, build = '.']) => {
      const server = await startService(sized.engine.found, flags, env, join(build, 'dist/main.js'));
      const caller = createGrpcCaller(server.found);
      const run = inFlight(CALLERS, () => caller.unary(SCORE_HOSTS, message));
      return { server, caller, way: { name, servers: [server], run } };
    }),
  );
  const figures = await measure(ways.map(({ way }) => way));
  const [first] = figures;
  for (const each of figures) {
    const more = Math.round((each.cpuMs - (first?.cpuMs ?? 0)) * 1000);
    rows.push({ ...rowOf(each, { hosts }), 'us more': more });
  }
  for (const { caller, server } of ways) {
    caller.close();
    await server.stop();
  }
  await sized.stop();
}
await sink.stop();

report('tracing', rows, []);
