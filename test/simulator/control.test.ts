import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { z } from 'zod';
import { createWorld } from '../../src/simulator/world.js';
import { call, column, useSimulator } from './running-simulator.js';

const HOST_1 = '00000000-0000-4000-8000-0000000000a1';
const HOST_2 = '00000000-0000-4000-8000-0000000000a2';
const VM = '00000000-0000-4000-8000-0000000000b1';
const UNKNOWN = '00000000-0000-4000-8000-0000000000ff';

const smallWorld = () =>
  createWorld({
    hosts: [
      { id: HOST_1, name: 'alpha' },
      { id: HOST_2, name: 'beta' },
    ],
    vms: [{ id: VM, name: 'web' }],
  });

describe('control endpoint of the simulator', () => {
  const simulator = useSimulator(smallWorld);

  it('starts, migrates and stops a VM; the engine shows it and writes events', async () => {
    const { control, get } = simulator();
    const started = await control('POST', `/vms/${VM}/start`, { host_id: HOST_1 });
    expect([started.status, started.json()]).to.deep.equal([
      200,
      { id: VM, name: 'web', status: 'up', host_id: HOST_1 },
    ]);
    expect((await get(`/api/vms/${VM}`)).json()).to.have.nested.property('host.id', HOST_1);
    const migrated = await control('POST', `/vms/${VM.toUpperCase()}/migrate`, {
      host_id: HOST_2.toUpperCase(),
    });
    expect(migrated.json()).to.include({ host_id: HOST_2 });
    const stopped = await control('POST', `/vms/${VM}/stop`);
    expect(stopped.json()).to.deep.equal({ id: VM, name: 'web', status: 'down' });
    const codes = column(await get('/api/events'), 'event', 'code');
    expect(codes).to.deep.equal(['61', '33', '63', '62', '32', '153']);
  });

  it('pauses and resumes a VM, removes one that is down, and changes the status of a host', async () => {
    const { control, get, world } = simulator();
    await control('POST', `/vms/${VM}/start`, { host_id: HOST_1 });
    expect((await control('POST', `/vms/${VM}/pause`)).json()).to.include({ status: 'paused' });
    expect((await control('POST', `/vms/${VM}/resume`)).json()).to.include({ status: 'up' });
    await control('POST', `/vms/${VM}/stop`);
    expect((await control('POST', `/vms/${VM}/remove`)).json()).to.deep.equal({});
    expect((await get(`/api/vms/${VM}`)).status).to.equal(404);
    const host = await control('POST', `/hosts/${HOST_1}/status`, { status: 'maintenance' });
    expect(host.json()).to.deep.equal({ id: HOST_1, status: 'maintenance' });
    expect(world.hosts.get(HOST_1)?.status).to.equal('maintenance');
    const codes = column(await get('/api/events?from=2'), 'event', 'code');
    expect(codes).to.deep.equal(['15', '620', '113', '61', '33', '40', '1025']);
  });

  it('lets the ids of events jump back: 2 events, back to 1', async () => {
    const { control, get } = simulator();
    await control('POST', `/vms/${VM}/start`, { host_id: HOST_1 });
    const restored = await control('POST', '/events/restore', { last_id: 1 });
    expect(restored.json()).to.deep.equal({ last_event_id: 1 });
    await control('POST', `/vms/${VM}/pause`);
    expect(column(await get('/api/events'), 'event', 'id')).to.deep.equal(['2', '1']);
  });

  it('changes the password: sessions go on, the old one is refused, the new one taken', async () => {
    const { control, get, logIn } = simulator();
    const put = await control('PUT', '/account', { password: 'other' });
    expect([put.status, put.json()]).to.deep.equal([200, {}]);
    expect((await get('/api/hosts')).status).to.equal(200);
    expect((await logIn()).status).to.equal(400);
    expect((await logIn({ password: 'other' })).status).to.equal(200);
    expect((await control('PUT', '/account', { password: '' })).status).to.equal(400);
    expect((await control('GET', '/account')).status).to.equal(405);
  });

  it('sets how many VMs change a second, and says it', async () => {
    const { control, churn } = simulator();
    expect((await control('GET', '/churn')).json()).to.deep.equal({ vms_per_second: 0 });
    const put = await control('PUT', '/churn', { vms_per_second: 2.5 });
    expect([put.status, put.json(), churn.rate()]).to.deep.equal([200, { vms_per_second: 2.5 }, 2.5]);
  });

  it('shows requests to the engine and bytes sent for them, head and body, and counts anew', async () => {
    const { control, get, url, token } = simulator();
    await get(`/api/vms/${VM}`);
    const sent = await rawAnswer(`${url}/api/vms/${HOST_1}`, token);
    const { text: shown, json } = await control('GET', '/requests');
    const { requests, bytes } = z
      .object({ '/api/vms/ID': z.object({ requests: z.number(), bytes: z.number() }) })
      .parse(json())['/api/vms/ID'];
    expect(requests, shown).to.equal(2);
    expect(bytes).to.be.above(1_000 + sent);
    expect((await control('DELETE', '/requests')).json()).to.deep.equal({});
    await rawAnswer(`${url}/api/vms/${HOST_1}`, token);
    expect((await control('GET', '/requests')).json()).to.deep.equal({
      '/api/vms/ID': { requests: 1, bytes: sent },
    });
  });

  it('sums the world up', async () => {
    const { control } = simulator();
    await control('POST', `/vms/${VM}/start`, { host_id: HOST_1 });
    expect((await control('GET', '/world')).json()).to.deep.equal({
      vms: { total: 1, running: 1, stopped: 0 },
      hosts: [
        { id: HOST_1, name: 'alpha', status: 'up', running_vms: 1 },
        { id: HOST_2, name: 'beta', status: 'up', running_vms: 0 },
      ],
      last_event_id: 2,
    });
  });

  it('switches faults on and off, and is not struck by them', async () => {
    const { control, get, faults } = simulator();
    const put = await control('PUT', '/faults', { status: { code: 503 } });
    expect([put.status, put.json()]).to.deep.equal([200, { status: { code: 503, path: '/' } }]);
    expect((await get('/api')).status).to.equal(503);
    expect((await control('GET', '/faults')).json()).to.deep.equal({ status: { code: 503, path: '/' } });
    expect((await control('PUT', '/faults', {})).json()).to.deep.equal({});
    expect(faults.current()).to.deep.equal({});
    expect((await get('/api')).status).to.equal(200);
  });

  const refusals: readonly {
    readonly method: string;
    readonly path: string;
    readonly body?: unknown;
    readonly status: number;
    readonly error: RegExp;
  }[] = [
    { method: 'POST', path: `/vms/${VM}/start`, status: 400, error: /^host_id: / },
    {
      method: 'POST',
      path: `/vms/${VM}/start`,
      body: { host_id: 'x' },
      status: 400,
      error: /^host_id: .*UUID/,
    },
    {
      method: 'POST',
      path: `/vms/${VM}/start`,
      body: { host_id: HOST_1, more: 1 },
      status: 400,
      error: /more/,
    },
    {
      method: 'POST',
      path: `/vms/${VM}/start`,
      body: '{"host_id"',
      status: 400,
      error: /^body: expected JSON/,
    },
    { method: 'POST', path: `/vms/${VM}/start`, body: '[]', status: 400, error: /expected object/i },
    { method: 'POST', path: `/vms/${VM}/start`, body: { host_id: UNKNOWN }, status: 404, error: /no host/ },
    { method: 'POST', path: `/vms/${UNKNOWN}/stop`, body: {}, status: 404, error: /no VM/ },
    {
      method: 'POST',
      path: '/vms/abc/stop',
      body: {},
      status: 400,
      error: /^vm id: expected a UUID, got "abc"/,
    },
    { method: 'POST', path: `/vms/${VM}/stop`, body: {}, status: 400, error: /does not run/ },
    {
      method: 'POST',
      path: `/vms/${VM}/migrate`,
      body: { host_id: HOST_1 },
      status: 400,
      error: /start it first/,
    },
    { method: 'POST', path: `/vms/${VM}/explode`, body: {}, status: 404, error: /no such path/ },
    { method: 'POST', path: `/vms/${VM}`, body: {}, status: 404, error: /no such path/ },
    { method: 'POST', path: `/vms/${VM}/toString`, body: {}, status: 404, error: /no such path/ },
    { method: 'POST', path: `/hosts/${HOST_1}/status`, body: {}, status: 400, error: /^status: / },
    {
      method: 'POST',
      path: '/hosts/abc/status',
      body: { status: 'up' },
      status: 400,
      error: /^host id: expected a UUID/,
    },
    {
      method: 'POST',
      path: '/events/restore',
      body: { last_id: -1 },
      status: 400,
      error: /^last_id: /,
    },
    { method: 'GET', path: '/nothing', status: 404, error: /no such path/ },
    { method: 'GET', path: '/world/x', status: 404, error: /no such path/ },
    { method: 'GET', path: `/vms/${VM}/stop/now`, status: 404, error: /no such path/ },
    { method: 'PUT', path: '/faults', body: { latency: { ms: 'x' } }, status: 400, error: /^latency\.ms: / },
    { method: 'PUT', path: '/faults', body: { later: {} }, status: 400, error: /later/ },
    { method: 'PUT', path: '/churn', body: { vms_per_second: -1 }, status: 400, error: /from 0 to 10000/ },
    { method: 'PUT', path: '/churn', body: {}, status: 400, error: /^vms_per_second: / },
  ];
  for (const { method, path, body, status, error } of refusals) {
    it(`answers ${status} to ${method} ${path} ${JSON.stringify(body ?? {})}, saying ${String(error)}`, async () => {
      const reply = await simulator().control(method, path, body);
      expect(reply.status).to.equal(status);
      expect(reply.json()['error']).to.match(error);
    });
  }

  for (const { method, path, allow } of [
    { method: 'GET', path: `/vms/${VM}/stop`, allow: 'POST' },
    { method: 'POST', path: '/world', allow: 'GET' },
    { method: 'GET', path: `/hosts/${HOST_1}/status`, allow: 'POST' },
    { method: 'GET', path: '/events/restore', allow: 'POST' },
    { method: 'DELETE', path: '/faults', allow: 'GET, PUT' },
    { method: 'POST', path: '/churn', allow: 'GET, PUT' },
    { method: 'PUT', path: '/requests', allow: 'GET, DELETE' },
  ]) {
    it(`answers 405 to ${method} ${path}`, async () => {
      const reply = await simulator().control(method, path);
      expect([reply.status, reply.headers.get('allow')]).to.deep.equal([405, allow]);
    });
  }

  for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data', '']) {
    it(`refuses ${type || 'no'} content type: a form of a web page can't reach it`, async () => {
      const { controlUrl, world } = simulator();
      const reply = await call(`${controlUrl}/vms/${VM}/start`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: Buffer.from(JSON.stringify({ host_id: HOST_1 })),
      });
      expect([reply.status, world.vms.get(VM)?.status]).to.deep.equal([415, 'down']);
    });
  }

  for (const { host, status } of [
    { host: 'evil.example:80', status: 403 },
    { host: '127.0.0.1.evil.example', status: 403 },
    { host: '10.0.0.1', status: 403 },
    { host: 'localhost', status: 200 },
    { host: '127.0.0.1:1', status: 200 },
    { host: '[::1]:1', status: 200 },
  ]) {
    it(`answers ${status} to Host: ${host}`, async () => {
      const { controlUrl } = simulator();
      const answered = await new Promise<number | undefined>((resolve, reject) => {
        request(`${controlUrl}/world`, { headers: { host } }, (response) => {
          text(response).then(() => resolve(response.statusCode), reject);
        })
          .once('error', reject)
          .end();
      });
      expect(answered).to.equal(status);
    });
  }

  it('refuses a body larger than 64 KiB with 413', async () => {
    const reply = await simulator().control('PUT', '/faults', { path: 'x'.repeat(70_000) });
    expect(reply.status).to.equal(413);
  });

  it('is not counted among the requests to the engine', async () => {
    const { control, requests } = simulator();
    await control('GET', '/world');
    expect(requests.latest()).to.deep.equal([]);
  });
});

/** Asks on a connection of its own; gives the number of bytes that came back, head and body. */
async function rawAnswer(url: string, token: string): Promise<number> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\nAccept: application/json\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  return (await text(socket)).length;
}
