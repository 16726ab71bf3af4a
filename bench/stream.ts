import { policyUnitMethods } from '../src/rpc/proto.js';
import { createGrpcCaller } from './grpc-caller.js';
import { inFlight, measure, QUICK, rowOf, type Way } from './measure.js';
import { report, type Row } from './report.js';
import { SCORE_HOSTS, scoreRequest, startSized, UNIT } from './sized-service.js';

// StreamScoreHosts over 1 and 32 streams whose callers read on, against ScoreHosts of the same requests with as many in flight.
const SIZES = QUICK ? [10, 1000] : [10, 100, 1000];
const AHEAD = 16;
const STREAMS = 32;
const { path } = policyUnitMethods.StreamScoreHosts;

const rows: Row[] = [];
const points = new Map<string, [number, number][]>();
for (const hosts of SIZES) {
  const sized = await startSized(hosts);
  const caller = createGrpcCaller(sized.service.found);
  const message = scoreRequest(sized, { units: [UNIT] });
  const way = (name: string, run: Way['run']): Way => ({
    name,
    servers: [sized.service],
    multiple: STREAMS,
    run,
  });
  const figures = await measure([
    way(
      'ScoreHosts',
      inFlight(AHEAD, () => caller.unary(SCORE_HOSTS, message)),
    ),
    way('1 stream', (calls) => caller.stream(path, message, calls, AHEAD)),
    way(`${STREAMS} streams`, async (calls) => {
      const each = Math.ceil(calls / STREAMS);
      await Promise.all(Array.from({ length: STREAMS }, () => caller.stream(path, message, each, AHEAD)));
    }),
  ]);
  for (const each of figures) {
    rows.push(rowOf(each, { hosts }));
    points.set(each.name, [...(points.get(each.name) ?? []), [hosts, each.callsPerSecond]]);
  }
  caller.close();
  await sized.stop();
}
report('stream', rows, [
  {
    title: 'Answers a second',
    x: 'hosts',
    y: 'answers/s',
    series: [...points].map(([name, points]) => ({ name, points })),
  },
]);
