import { expect } from 'chai';
import type { XmlRpcServer } from '../../src/bridge/server.js';
import { writeCall } from '../../src/bridge/xml-rpc/writer.js';
import { createBackendReference } from '../../src/commands/backend.js';
import { startBridge } from '../../src/commands/start-bridge.js';
import { loadConfig } from '../../src/config/load.js';
import type { PolicyUnitService } from '../../src/domain/contract.js';
import { createMetrics, type Metrics } from '../../src/process/metrics.js';
import { openPeer, requestOf, type Peer } from '../bridge/http-peer.js';
import { fixtureService } from '../contract/fixture.js';
import { memoryLog } from '../support/log.js';
import { until } from '../support/until.js';
import { hostId, vmId } from '../support/world.js';

const FILTERS = writeCall('runFilters', [['rejects_host_2'], [hostId(1)], vmId(1), null]);

describe('startBridge', () => {
  let server: XmlRpcServer;
  const log = memoryLog();
  afterEach(() => server.close(0));

  async function start(
    service: PolicyUnitService = fixtureService(),
    flags: Readonly<Record<string, string>> = {},
  ): Promise<Metrics> {
    log.lines.length = 0;
    const config = loadConfig({ variables: {}, flags: { 'bridge.listen': '127.0.0.1:0', ...flags } });
    const metrics = createMetrics(() => false);
    server = await startBridge(config, { service, log, metrics });
    return metrics;
  }

  async function send(request: string): Promise<Peer> {
    const peer = await openPeer(server);
    peer.send(request);
    return peer;
  }

  /** The lines of the figures that begin so, once there is one. */
  const figures = async (metrics: Metrics, ...starts: readonly string[]) =>
    until(
      async () =>
        (await metrics.scrape()).split('\n').filter((line) => starts.some((start) => line.startsWith(start))),
      (lines) => lines.length >= starts.length,
    );

  const REQUESTS = 'hostscore_bridge_requests_total{';
  const LOCKS = 'hostscore_scheduling_lock_seconds_count{';

  const cases: readonly (readonly [
    title: string,
    request: string,
    requests: string,
    refusal: Readonly<Record<string, unknown>> | undefined,
  ])[] = [
    ['an answer', requestOf(FILTERS), 'method="runFilters",status="200",fault=""', undefined],
    [
      'a method that is not there',
      requestOf(writeCall('made.up', [])),
      'method="(other)",status="200",fault="-32601"',
      undefined,
    ],
    [
      'another path',
      requestOf(FILTERS, { path: '/x' }),
      'method="(other)",status="404",fault=""',
      { status: 404, reason: 'XML-RPC is served at / and at /RPC2' },
    ],
    [
      'a body that is cut short',
      requestOf(FILTERS.slice(0, -10)),
      'method="runFilters",status="200",fault="-32700"',
      { method: '"runFilters"', status: 200, code: -32700 },
    ],
  ];
  for (const [title, request, requests, refusal] of cases) {
    it(`counts ${title}, and logs ${refusal === undefined ? 'no refusal' : 'the refusal'}`, async () => {
      const metrics = await start();
      const peer = await send(request);
      await peer.until('HTTP/1.1');
      expect(await figures(metrics, REQUESTS)).to.deep.equal([`${REQUESTS}${requests}} 1`]);
      const refused = log.lines.filter(({ event }) => event === 'request refused');
      expect(refused).to.have.lengthOf(refusal === undefined ? 0 : 1);
      if (refusal !== undefined) expect(refused[0]?.fields).to.deep.include(refusal);
    });
  }

  it('counts the lock of a call that was one too many, as a fault', async () => {
    const metrics = await start(createBackendReference().service, { 'bridge.maxConcurrentRequests': '1' });
    await send(requestOf(FILTERS));
    await (await send(requestOf(FILTERS))).until('under way');
    expect(await figures(metrics, LOCKS)).to.deep.equal([`${LOCKS}method="runFilters",outcome="fault"} 1`]);
  });

  it('counts the lock of an answered call by what came of its units', async () => {
    const metrics = await start();
    await (await send(requestOf(FILTERS))).until('HTTP/1.1');
    expect(await figures(metrics, LOCKS)).to.deep.equal([`${LOCKS}method="runFilters",outcome="ok"} 1`]);
    const gone = writeCall('runFilters', [['gone'], [hostId(1)], vmId(1), null]);
    await (await send(requestOf(gone))).until('HTTP/1.1');
    expect(await figures(metrics, LOCKS, LOCKS)).to.include(
      `${LOCKS}method="runFilters",outcome="failed"} 1`,
    );
  });

  it('passes on that a call is a dry run', async () => {
    const service = fixtureService();
    const dryRuns: unknown[] = [];
    await start({
      ...service,
      filterHosts(request, call) {
        dryRuns.push(call.dryRun);
        return service.filterHosts(request, call);
      },
    });
    await (await send(requestOf(FILTERS, { headers: { 'X-Hostscore-Dry-Run': '1' } }))).until('HTTP/1.1');
    await (await send(requestOf(FILTERS))).until('HTTP/1.1');
    expect(dryRuns).to.deep.equal([true, false]);
  });
});
