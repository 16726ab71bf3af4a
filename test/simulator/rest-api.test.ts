import { expect } from 'chai';
import { z } from 'zod';
import { createWorld, type World } from '../../src/simulator/world.js';
import { column, itemsOf, useSimulator } from './running-simulator.js';

const HOST_UP = '00000000-0000-4000-8000-0000000000a1';
const HOST_DOWN = '00000000-0000-4000-8000-0000000000a2';
const VM_UP = '00000000-0000-4000-8000-0000000000b1';
const VM_DOWN = '00000000-0000-4000-8000-0000000000b2';
const VM_PAUSED = '00000000-0000-4000-8000-0000000000b3';
const UNKNOWN = '00000000-0000-4000-8000-0000000000ff';
const GIB = 2 ** 30;

const rocky = {
  family: 'Linux',
  distribution: 'Rocky Linux',
  version: '9.4',
  codename: '',
  kernel: '5.14.0-427.13.1.el9_4.x86_64',
} as const;

function smallWorld(): World {
  return createWorld({
    hosts: [
      { id: HOST_DOWN, name: 'beta', status: 'non_responsive', memory: 0 },
      { id: HOST_UP, name: 'alpha', memory: 100 * GIB },
    ],
    vms: [
      { id: VM_DOWN, name: 'vm-b', osType: 'windows_2022', stopTime: 5 },
      {
        id: VM_UP,
        name: 'vm-c',
        hostId: HOST_UP,
        guestOs: rocky,
        memory: 10 * GIB,
        startTime: 1_767_628_800_000,
      },
      { id: VM_PAUSED, name: 'vm-a', hostId: HOST_UP, status: 'paused', memory: 15 * GIB },
    ],
    clock: { now: () => 1_767_628_800_000 },
  });
}

describe('REST API of the simulator', () => {
  const simulator = useSimulator(smallWorld);

  it('says what it is and how much it holds at /api', async () => {
    const root = (await simulator().get('/api')).json();
    expect(root).to.have.nested.property('product_info.version.major', '4');
    expect(root).to.have.nested.property('summary.hosts.active', '1');
    expect(root).to.have.nested.property('summary.vms.total', '3');
  });

  it('lists hosts by name, numbers and booleans as strings, decimals as numbers', async () => {
    const reply = await simulator().get('/api/hosts');
    expect(reply.status).to.equal(200);
    expect(column(reply, 'host', 'name')).to.deep.equal(['alpha', 'beta']);
    const [alpha] = itemsOf(reply, 'host');
    expect(alpha).to.deep.include({
      id: HOST_UP,
      href: `/ovirt-engine/api/hosts/${HOST_UP}`,
      status: 'up',
      memory: String(100 * GIB),
      max_scheduling_memory: String(75 * GIB),
      summary: { active: '1', migrating: '0', total: '2' },
      ksm: { enabled: 'true' },
    });
    expect(alpha).to.have.nested.property('cpu.speed').that.is.a('number');
    expect(alpha).to.have.nested.property('os.type', 'RHEL');
  });

  it('lists every VM by name without a search, members of one that runs and one that does not', async () => {
    const reply = await simulator().get('/api/vms');
    expect(column(reply, 'vm', 'name')).to.deep.equal(['vm-a', 'vm-b', 'vm-c']);
    const [paused, down, up] = itemsOf(reply, 'vm');
    expect(up).to.deep.include({
      id: VM_UP,
      status: 'up',
      host: { href: `/ovirt-engine/api/hosts/${HOST_UP}`, id: HOST_UP },
      memory: String(10 * GIB),
      start_time: 1_767_628_800_000,
      custom_properties: {},
    });
    expect(up?.['guest_operating_system']).to.deep.equal({
      architecture: 'x86_64',
      codename: '',
      distribution: 'Rocky Linux',
      family: 'Linux',
      kernel: {
        version: {
          full_version: '5.14.0-427.13.1.el9_4.x86_64',
          major: '5',
          minor: '14',
          build: '0',
          revision: '427',
        },
      },
      version: { full_version: '9.4', major: '9', minor: '4' },
    });
    expect(down).to.deep.include({ status: 'down', stop_time: 5 });
    expect(down).not.to.have.any.keys('host', 'guest_operating_system', 'start_time');
    expect(down).to.have.nested.property('os.type', 'windows_2022');
    expect(down).not.to.have.nested.property('os.version');
    expect(paused).to.have.nested.property('host.id', HOST_UP);
  });

  const searches: readonly { readonly query: string; readonly names: readonly string[] }[] = [
    { query: '', names: ['vm-a', 'vm-b', 'vm-c'] },
    { query: '?search=', names: ['vm-a', 'vm-b', 'vm-c'] },
    { query: '?search=on_host%3D*', names: ['vm-a', 'vm-c'] },
    { query: '?search=on_host=*', names: ['vm-a', 'vm-c'] },
    { query: '?search=on_host%3D*&max=1', names: ['vm-a'] },
    { query: '?search=host.id%3Dabc', names: [] },
    { query: '?search=sortby%20name%20page%202', names: [] },
    { query: '?max=2', names: ['vm-a', 'vm-b'] },
    { query: '?max=0', names: [] },
    { query: '?max=-1', names: ['vm-a', 'vm-b', 'vm-c'] },
    { query: '?max=many', names: ['vm-a', 'vm-b', 'vm-c'] },
    { query: '?max=99999999999', names: ['vm-a', 'vm-b', 'vm-c'] },
  ];
  for (const { query, names } of searches) {
    it(`lists ${names.join(', ') || 'nothing, with status 200,'} for /api/vms${query}`, async () => {
      const reply = await simulator().get(`/api/vms${query}`);
      expect(reply.status).to.equal(200);
      expect(column(reply, 'vm', 'name')).to.deep.equal(names);
      if (names.length === 0) expect(reply.json()).to.deep.equal({});
    });
  }

  it('takes no search for hosts that it does not know: 200 and nothing', async () => {
    const reply = await simulator().get('/api/hosts?search=sortby%20id%20asc');
    expect([reply.status, reply.json()]).to.deep.equal([200, {}]);
    expect(column(await simulator().get('/api/hosts?max=1'), 'host', 'name')).to.deep.equal(['alpha']);
  });

  it('answers one VM and one host as in their listing, whatever the case of the id', async () => {
    const { get } = simulator();
    const vms = itemsOf(await get('/api/vms'), 'vm');
    expect((await get(`/api/vms/${VM_UP}`)).json()).to.deep.equal(vms[2]);
    expect((await get(`/api/vms/${VM_DOWN.toUpperCase()}`)).json()).to.deep.equal(vms[1]);
    const hosts = itemsOf(await get('/api/hosts'), 'host');
    expect((await get(`/api/hosts/${HOST_DOWN}`)).json()).to.deep.equal(hosts[1]);
  });

  it('answers the statistics of a host: used memory in steps of 1 %, data as numbers', async () => {
    const reply = await simulator().get(`/api/hosts/${HOST_UP}/statistics`);
    const names = z.array(z.string()).parse(column(reply, 'statistic', 'name'));
    const values = column(reply, 'statistic', 'values');
    const data = Object.fromEntries(names.map((name, index) => [name, values[index]]));
    expect(data['memory.total']).to.deep.equal({ value: [{ datum: 100 * GIB }] });
    expect(data['memory.used']).to.deep.equal({ value: [{ datum: 25 * GIB }] });
    expect(data['memory.free']).to.deep.equal({ value: [{ datum: 75 * GIB }] });
    expect(data).to.include.keys('swap.total', 'ksm.cpu.current', 'cpu.load.avg.5m', 'boot.time');
  });

  for (const path of ['/api/hosts', `/api/hosts/${HOST_UP}`, `/api/hosts/${HOST_DOWN}`]) {
    it(`puts into ${path} with follow=statistics what a host's statistics have`, async () => {
      const { get } = simulator();
      const reply = (await get(`${path}?follow=statistics`)).json();
      const { host: hosts = [reply] } = z.object({ host: z.array(z.json()).optional() }).parse(reply);
      for (const host of hosts) {
        const { id, statistics } = z.object({ id: z.string(), statistics: z.json() }).parse(host);
        expect(statistics).to.deep.equal((await get(`/api/hosts/${id}/statistics`)).json());
      }
    });
  }

  it('says that a host that is not up has all of its memory free, as an engine that does not know', async () => {
    const host = simulator().world.addHost({ memory: 7 * GIB, status: 'non_responsive' });
    const reply = await simulator().get(`/api/hosts/${host.id}/statistics`);
    expect(column(reply, 'statistic', 'values').slice(0, 3)).to.deep.equal(
      [7 * GIB, 0, 7 * GIB].map((datum) => ({ value: [{ datum }] })),
    );
  });

  it('answers statistics of a host without memory, too', async () => {
    const reply = await simulator().get(`/api/hosts/${HOST_DOWN}/statistics`);
    expect(itemsOf(reply, 'statistic')[0]?.['values']).to.deep.equal({ value: [{ datum: 0 }] });
  });

  const errors: readonly { readonly path: string; readonly status: number; readonly text: RegExp }[] = [
    { path: `/api/vms/${UNKNOWN}`, status: 404, text: /^$/ },
    { path: `/api/hosts/${UNKNOWN}`, status: 404, text: /^$/ },
    { path: `/api/hosts/${UNKNOWN}/statistics`, status: 404, text: /^$/ },
    { path: `/api/hosts/${HOST_UP}/nics`, status: 404, text: /^$/ },
    { path: `/api/hosts/${HOST_UP}/statistics/x`, status: 404, text: /^$/ },
    { path: `/api/vms/${VM_UP}/statistics`, status: 404, text: /^$/ },
    { path: '/api/events/77', status: 404, text: /^$/ },
    { path: '/api/bogus', status: 404, text: /^$/ },
    { path: '/api/vms/abc', status: 400, text: /"reason" : "Operation Failed"/ },
    { path: '/api/hosts/abc', status: 400, text: /"detail" : "Invalid UUID string: abc"/ },
    { path: '/api/vms?follow=host', status: 501, text: /follows no links but the statistics of hosts/ },
    { path: '/web-ui', status: 404, text: /^<html>/ },
    { path: '/apiary', status: 404, text: /^<html>/ },
    { path: `/api/vms?search=${'x'.repeat(8_200)}`, status: 414, text: /^<html>/ },
  ];
  for (const { path, status, text } of errors) {
    it(`answers ${status} to ${path.slice(0, 60)}`, async () => {
      const reply = await simulator().get(path);
      expect(reply.status).to.equal(status);
      expect(reply.text).to.match(text);
    });
  }

  it('answers 401, not 404, to a stranger who asks for what there is not', async () => {
    expect((await simulator().get('/api/bogus', { authorization: '' })).status).to.equal(401);
  });

  const headers: readonly { readonly headers: Record<string, string>; readonly status: number }[] = [
    { headers: { version: '4' }, status: 200 },
    { headers: { version: '3' }, status: 400 },
    { headers: { accept: '*/*' }, status: 406 },
    { headers: { accept: 'application/xml, application/json' }, status: 200 },
  ];
  for (const { headers: given, status } of headers) {
    it(`answers ${status} to ${JSON.stringify(given)}`, async () => {
      expect((await simulator().get('/api/hosts', given)).status).to.equal(status);
    });
  }

  it('serves /api/v4 as /api', async () => {
    const { get } = simulator();
    expect((await get('/api/v4/hosts')).text).to.equal((await get('/api/hosts')).text);
  });

  for (const filter of [
    { headers: { filter: 'true' }, query: '' },
    { headers: {}, query: '?filter=true' },
  ]) {
    it(`hides where VMs run from a plain user: ${JSON.stringify(filter)}`, async () => {
      const { get } = simulator();
      const list = itemsOf(await get(`/api/vms${filter.query}`, filter.headers), 'vm');
      expect(list).to.have.lengthOf(3);
      for (const vm of list) expect(vm).not.to.have.any.keys('host', 'placement_policy');
      const one = (await get(`/api/vms/${VM_UP}${filter.query}`, filter.headers)).json();
      expect(one).not.to.have.any.keys('host', 'placement_policy');
    });
  }

  const correlations: readonly {
    readonly headers: Record<string, string>;
    readonly query: string;
    readonly id: RegExp;
  }[] = [
    { headers: { 'correlation-id': 'abc_1-2' }, query: '', id: /^abc_1-2$/ },
    { headers: { 'correlation-id': 'a b;c/d' }, query: '', id: /^abcd$/ },
    { headers: { 'correlation-id': 'x'.repeat(50) }, query: '', id: /^x{36}$/ },
    { headers: {}, query: '?correlation_id=q1', id: /^q1$/ },
    { headers: {}, query: '', id: /^[0-9a-f-]{36}$/ },
  ];
  for (const { headers: given, query, id } of correlations) {
    it(`carries a Correlation-Id like ${String(id)} for ${JSON.stringify(given)}${query}`, async () => {
      const { get } = simulator();
      expect((await get(`/api${query}`, given)).headers.get('correlation-id')).to.match(id);
      expect(
        (await get(`/api${query}`, { ...given, authorization: '' })).headers.get('correlation-id'),
      ).to.match(id);
    });
  }

  it('is indented as the engine indents', async () => {
    const { text } = await simulator().get('/api/vms?max=1');
    expect(text).to.match(/^\{\n {2}"vm" : \[ \{\n {4}"actions" : \{\n/);
    expect(text).to.match(/\n {4}"id" : "[0-9a-f-]{36}"\n {2}\} \]\n\}$/);
    expect((await simulator().get('/api/vms?max=0')).text).to.equal('{ }');
  });

  const encodings: readonly { readonly accept: string; readonly encoding: string | null }[] = [
    { accept: 'gzip, deflate, br', encoding: 'gzip' },
    { accept: 'identity', encoding: null },
    { accept: 'gzip;q=0', encoding: null },
    { accept: 'gzip;q=0.5', encoding: 'gzip' },
  ];
  for (const { accept, encoding } of encodings) {
    it(`sends ${encoding ?? 'plain text'} to Accept-Encoding: ${accept}, of the same content`, async () => {
      const { get } = simulator();
      const reply = await get('/api/vms', { 'accept-encoding': accept });
      expect(reply.headers.get('content-encoding')).to.equal(encoding);
      expect(itemsOf(reply, 'vm')).to.have.lengthOf(3);
    });
  }

  it('answers GET only', async () => {
    const { url, token } = simulator();
    const response = await fetch(`${url}/api/vms`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    expect([response.status, response.headers.get('allow')]).to.deep.equal([405, 'GET']);
  });

  it('counts requests by path, and remembers them without credentials', async () => {
    const { get, requests } = simulator();
    await get('/api/vms?search=on_host%3D*');
    await get('/api/vms');
    await get('/api/hosts');
    expect([requests.count('/api/vms'), requests.count('/api/hosts'), requests.count('/api')]).to.deep.equal([
      2, 1, 0,
    ]);
    expect(requests.latest().map(({ method, path, search }) => [method, path, search])).to.deep.equal([
      ['GET', '/api/vms', '?search=on_host%3D*'],
      ['GET', '/api/vms', ''],
      ['GET', '/api/hosts', ''],
    ]);
    expect(requests.latest()[0]?.headers).to.include({ accept: 'application/json' });
    expect(requests.latest()[0]?.headers).not.to.have.property('authorization');
    requests.reset();
    expect([requests.count('/api/vms'), requests.latest()]).to.deep.equal([0, []]);
  });

  describe('events', () => {
    it('are none at first, then newest first with the codes of a real engine', async () => {
      const { get, world } = simulator();
      expect((await get('/api/events')).json()).to.deep.equal({});
      world.startVm(VM_DOWN, HOST_UP);
      world.stopVm(VM_DOWN);
      const reply = await get('/api/events');
      expect(column(reply, 'event', 'id')).to.deep.equal(['4', '3', '2', '1']);
      expect(column(reply, 'event', 'code')).to.deep.equal(['61', '33', '32', '153']);
      expect(itemsOf(reply, 'event')[2]).to.deep.include({
        id: '2',
        index: '2',
        severity: 'normal',
        time: 1_767_628_800_000,
        origin: 'oVirt',
        custom_id: '-1',
        description: 'VM vm-b started on Host alpha',
        vm: { href: `/ovirt-engine/api/vms/${VM_DOWN}`, id: VM_DOWN, name: 'vm-b' },
        host: { href: `/ovirt-engine/api/hosts/${HOST_UP}`, id: HOST_UP, name: 'alpha' },
      });
    });

    it('of a migration name the source', async () => {
      const { get, world } = simulator();
      const target = world.addHost({ name: 'gamma' });
      world.migrateVm(VM_UP, target.id);
      const reply = await get('/api/events?max=2');
      expect(column(reply, 'event', 'code')).to.deep.equal(['63', '62']);
      for (const event of itemsOf(reply, 'event'))
        expect(event).to.have.nested.property('host.name', 'alpha');
      expect((await get(`/api/vms/${VM_UP}`)).json()).to.have.nested.property('host.id', target.id);
    });

    const queries: readonly { readonly query: string; readonly ids: readonly string[] }[] = [
      { query: '?from=2', ids: ['4', '3'] },
      { query: '?from=4', ids: [] },
      { query: '?from=1&max=1', ids: ['4'] },
      { query: '?max=1', ids: ['4'] },
      { query: '?from=-5', ids: ['4', '3', '2', '1'] },
      { query: '?from=abc', ids: ['4', '3', '2', '1'] },
      { query: '?from=99999999999', ids: ['4', '3', '2', '1'] },
      { query: '?search=nonsense', ids: [] },
      { query: '?search=type%3D61%20or%20type%3D32', ids: ['4', '2'] },
      { query: '?from=2&search=type%3D61%20or%20type%3D32', ids: ['4'] },
      { query: '?search=sortby%20time%20asc%20page%202&max=3', ids: ['1'] },
    ];
    for (const { query, ids } of queries) {
      it(`are ${ids.join(', ') || 'none'} for ${query}`, async () => {
        const { get, world } = simulator();
        world.startVm(VM_DOWN, HOST_UP);
        world.stopVm(VM_DOWN);
        expect(column(await get(`/api/events${query}`), 'event', 'id')).to.deep.equal(ids);
      });
    }

    it('are answered one by one', async () => {
      const { get, world } = simulator();
      world.startVm(VM_DOWN, HOST_UP);
      expect((await get('/api/events/1')).json()).to.include({ id: '1', code: '153' });
    });
  });
});
