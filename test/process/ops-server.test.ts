import { expect } from 'chai';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createMetrics } from '../../src/process/metrics.js';
import {
  MAX_OPS_CONNECTIONS,
  OPS_CONNECTION_MS,
  startOpsServer,
  type OpsServer,
  type Readiness,
} from '../../src/process/ops-server.js';
import { createFakeTime } from '../inventory/fake-time.js';
import { memoryLog } from '../support/log.js';
import { until } from '../support/until.js';

describe('ops server', () => {
  let readiness: Readiness = { ready: true };
  const metrics = createMetrics(() => false);
  let server: OpsServer;
  before(async () => {
    server = await startOpsServer({
      listen: { host: '127.0.0.1', port: 0 },
      readiness: () => readiness,
      metrics,
      configuration: () => ({ engine: { password: '(set, not shown)' } }),
      log: memoryLog(),
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

  it('shows the configuration as JSON', async () => {
    const response = await get('/config');
    expect(response.headers.get('content-type')).to.equal('application/json');
    expect(await response.json()).to.deep.equal({ engine: { password: '(set, not shown)' } });
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
      configuration: () => ({ engine: { password: '(set, not shown)' } }),
      log: memoryLog(),
    });
    const outcome = await again.then(
      () => 'started',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    expect(outcome).to.include('EADDRINUSE');
  });

  describe('under pressure', () => {
    const time = createFakeTime();
    const log = memoryLog(time);
    let small: OpsServer;
    const sockets: Socket[] = [];
    let scrapes = 0;
    const scrape = () => {
      scrapes += 1;
      return Promise.resolve('x'.repeat(20_000_000));
    };
    beforeEach(async () => {
      scrapes = 0;
      small = await startOpsServer({
        listen: { host: '127.0.0.1', port: 0 },
        readiness: () => ({ ready: true }),
        configuration: () => ({}),
        // Longer than what a system buffers for a connection.
        metrics: { contentType: 'text/plain', scrape },
        log,
        after: time.after,
      });
    });
    afterEach(async () => {
      for (const socket of sockets.splice(0)) socket.destroy();
      log.lines.splice(0);
      await small.close();
    });

    async function open(request: string): Promise<Socket> {
      const socket = connect(small.port, '127.0.0.1');
      sockets.push(socket.on('error', () => undefined));
      await once(socket, 'connect');
      socket.write(request);
      return socket;
    }
    const get = (path: string) => open(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);

    for (const [title, start] of [
      ['says nothing', () => open('')],
      ['is in the middle of its request', () => open('GET /li')],
      ['does not read its answer', () => get('/metrics')],
    ] as const) {
      it(`closes a connection that ${title} after 10 s`, async () => {
        const socket = await start();
        await until(time.pending, ({ length }) => length > 0);
        await time.advance(OPS_CONNECTION_MS - 1);
        expect(socket.closed).to.equal(false);
        await time.advance(1);
        socket.resume();
        await until(
          () => socket.closed,
          (closed) => closed,
        );
      });
    }

    it('ends a connection with its answer', async () => {
      const socket = await get('/livez');
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await once(socket, 'end');
      expect(text)
        .to.match(/^HTTP\/1\.1 200 /)
        .and.include('Connection: close')
        .and.include('ok\n');
      await until(time.pending, ({ length }) => length === 0);
    });

    it('answers one of 100 requests that come at once on a connection', async () => {
      const socket = await open('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100));
      await once(socket.resume(), 'end');
      expect(scrapes).to.equal(1);
    });

    it(`answers beside ${MAX_OPS_CONNECTIONS} silent connections: the oldest is closed, and one line says so`, async () => {
      const silent: Socket[] = [];
      for (let count = 0; count < MAX_OPS_CONNECTIONS; count += 1) silent.push((await open('')).resume());
      const socket = await get('/livez');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).to.match(/^HTTP\/1\.1 200 /);
      await until(
        () => silent.filter(({ closed }) => closed),
        ({ length }) => length > 0,
      );
      expect(silent.findIndex(({ closed }) => !closed)).to.equal(1);
      expect(log.lines.map(({ level, event }) => [level, event])).to.deep.equal([
        ['warn', 'too many ops connections'],
      ]);
    });
  });
});
