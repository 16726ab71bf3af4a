import { expect } from 'chai';
import { createMetrics } from '../../src/process/metrics.js';
import { startOpsServer, type OpsServer, type Readiness } from '../../src/process/ops-server.js';

describe('ops server', () => {
  let readiness: Readiness = { ready: true };
  const metrics = createMetrics(() => false);
  let server: OpsServer;
  before(async () => {
    server = await startOpsServer({
      listen: { host: '127.0.0.1', port: 0 },
      readiness: () => readiness,
      metrics,
    });
  });
  after(() => server.close());

  const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init);

  it('is live', async () => {
    expect((await get('/livez')).status).to.equal(200);
  });

  it('is ready while it can answer, and says why when it can not', async () => {
    expect((await get('/readyz')).status).to.equal(200);
    readiness = { ready: false, reason: 'no snapshot yet' };
    const response = await get('/readyz?verbose');
    expect([response.status, await response.text()]).to.deep.equal([503, 'no snapshot yet\n']);
  });

  it('shows metrics', async () => {
    metrics.callEnded({ method: 'ScoreHosts', code: 'OK', durationMs: 2 });
    const text = await (await get('/metrics')).text();
    expect(text).to.include('hostscore_call_seconds_count{method="ScoreHosts",code="OK"} 1');
  });

  for (const [path, init, status] of [
    ['/', undefined, 404],
    ['/metrics/x', undefined, 404],
    ['//', undefined, 404],
    ['/livez', { method: 'POST' }, 405],
    ['/livez', { method: 'HEAD' }, 200],
  ] as const) {
    it(`answers ${init?.method ?? 'GET'} ${path} with ${status}`, async () => {
      expect((await get(path, init)).status).to.equal(status);
    });
  }

  it('rejects when its port is taken', async () => {
    const again = startOpsServer({
      listen: { host: '127.0.0.1', port: server.port },
      readiness: () => readiness,
      metrics,
    });
    const outcome = await again.then(
      () => 'started',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    expect(outcome).to.include('EADDRINUSE');
  });
});
