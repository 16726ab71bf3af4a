import { expect } from 'chai';
import { z } from 'zod';
import { createFaultSwitch, faultsSchema, type FaultsInput } from '../../src/simulator/faults.js';
import { createWorld } from '../../src/simulator/world.js';
import { column, itemsOf, useSimulator, type Reply } from './running-simulator.js';

const HOST = '00000000-0000-4000-8000-0000000000a1';
const VM_1 = '00000000-0000-4000-8000-0000000000b1';
const VM_2 = '00000000-0000-4000-8000-0000000000b2';

let now = 1_000;

const smallWorld = () =>
  createWorld({
    hosts: [{ id: HOST, name: 'alpha' }],
    vms: [
      { id: VM_1, name: 'one', hostId: HOST },
      { id: VM_2, name: 'two', hostId: HOST },
    ],
    clock: { now: () => now },
  });

describe('faults of the simulator', () => {
  const simulator = useSimulator(smallWorld);

  /** What a client sees: the status of a whole answer, or `failed` when none came. */
  async function outcome(path = '/api/vms', headers = {}): Promise<number | 'failed'> {
    return simulator()
      .get(path, headers)
      .then(
        (reply) => reply.status,
        () => 'failed',
      );
  }

  describe('status', () => {
    it('strikes 2 requests when told so, and is over then', async () => {
      simulator().faults.set({ status: { code: 503, requests: 2 } });
      expect([await outcome(), await outcome(), await outcome()]).to.deep.equal([503, 503, 200]);
      expect(simulator().faults.current()).to.deep.equal({});
    });

    it('strikes until it is cleared, with an HTML page', async () => {
      const { faults, get } = simulator();
      faults.set({ status: { code: 502 } });
      expect([await outcome(), await outcome()]).to.deep.equal([502, 502]);
      expect((await get('/api')).text).to.match(/^<html>.*502 Bad Gateway/);
      faults.clear();
      expect(await outcome()).to.equal(200);
    });

    it('strikes only paths that begin as told, single sign-on included', async () => {
      const { faults, logIn } = simulator();
      faults.set({ status: { code: 500, path: '/sso' } });
      expect([await outcome(), (await logIn()).status]).to.deep.equal([200, 500]);
      faults.set({ status: { code: 500, path: '/api/hosts' } });
      expect([await outcome(), await outcome('/api/hosts'), (await logIn()).status]).to.deep.equal([
        200, 500, 200,
      ]);
    });

    it('carries Retry-After when told so', async () => {
      const { faults, get } = simulator();
      faults.set({ status: { code: 429, retryAfter: 7 } });
      expect((await get('/api')).headers.get('retry-after')).to.equal('7');
    });
  });

  it('latency: the answer comes, after the client could see others first', async () => {
    const { faults, get } = simulator();
    const order: string[] = [];
    faults.set({ latency: { ms: 50, path: '/api/vms' } });
    await Promise.all([
      get('/api/vms').then(({ status }) => order.push(`vms ${status}`)),
      get('/api/hosts').then(({ status }) => order.push(`hosts ${status}`)),
    ]);
    expect(order).to.deep.equal(['hosts 200', 'vms 200']);
  });

  it('latency: an hour of it ends when the client goes away', async () => {
    const { faults, url, token, lines } = simulator();
    faults.set({ latency: { ms: 3_600_000 } });
    const response = fetch(`${url}/api`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(20),
    });
    const failure = await response.catch((error: unknown) => error);
    expect(failure).to.have.property('name', 'TimeoutError');
    expect(lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
  });

  it('hang: accepted and never answered, until the client gives up', async () => {
    const { faults, url, requests } = simulator();
    faults.set({ hang: { path: '/api', requests: 1 } });
    const failure = await fetch(`${url}/api`, { signal: AbortSignal.timeout(40) }).catch(
      (error: unknown) => error,
    );
    expect(failure).to.have.property('name', 'TimeoutError');
    expect(requests.count('/api')).to.equal(1);
    expect(await outcome('/api')).to.equal(200);
  });

  it('reset: the connection closes without an answer', async () => {
    simulator().faults.set({ reset: { requests: 1 } });
    expect([await outcome(), await outcome()]).to.deep.equal(['failed', 200]);
  });

  it('expiredTokens: one 401, then a new login works', async () => {
    const { faults, get, freshLogin, sessions } = simulator();
    faults.set({ expiredTokens: { requests: 1 } });
    expect(await outcome()).to.equal(401);
    expect(sessions.size()).to.equal(0);
    expect((await get('/api', await freshLogin())).status).to.equal(200);
  });

  it('expiredTokens: every new token is refused while it is on', async () => {
    const { faults, get, freshLogin } = simulator();
    faults.set({ expiredTokens: {} });
    for (let round = 0; round < 2; round++) {
      expect((await get('/api', await freshLogin())).status).to.equal(401);
    }
  });

  it('redirect: 302 to the place told', async () => {
    const { faults, get } = simulator();
    faults.set({ redirect: { location: 'http://127.0.0.1:1/elsewhere' } });
    const reply = await get('/api/hosts');
    expect([reply.status, reply.headers.get('location')]).to.deep.equal([
      302,
      'http://127.0.0.1:1/elsewhere',
    ]);
  });

  const bodies: readonly {
    readonly kind: 'html' | 'invalid_json' | 'empty_object';
    readonly check: (reply: Reply) => void;
  }[] = [
    { kind: 'html', check: ({ headers }) => expect(headers.get('content-type')).to.match(/^text\/html/) },
    { kind: 'invalid_json', check: (reply) => expect(reply.json).to.throw(SyntaxError) },
    { kind: 'empty_object', check: (reply) => expect(reply.json()).to.deep.equal({}) },
  ];
  for (const { kind, check } of bodies) {
    it(`body: ${kind} with status 200`, async () => {
      simulator().faults.set({ body: { kind } });
      const reply = await simulator().get('/api/vms');
      expect(reply.status).to.equal(200);
      check(reply);
    });
  }

  for (const encoding of ['identity', 'gzip']) {
    describe(`cut (${encoding})`, () => {
      const headers = { 'accept-encoding': encoding };

      /** Reads as much of a listing as comes, and how it ended. */
      async function read(signal = AbortSignal.timeout(5_000)): Promise<{ bytes: number; end: string }> {
        const { url, token } = simulator();
        let bytes = 0;
        try {
          const response = await fetch(`${url}/api/vms`, {
            headers: { ...headers, accept: 'application/json', authorization: `Bearer ${token}` },
            signal,
          });
          expect(response.status).to.equal(200);
          for await (const chunk of response.body ?? [])
            bytes += z.instanceof(Uint8Array).parse(chunk).length;
          return { bytes, end: 'whole' };
        } catch (error) {
          return { bytes, end: error instanceof Error ? error.name : String(error) };
        }
      }

      it('close: the head comes, then the connection closes in mid-body', async () => {
        simulator().faults.set({ cut: { afterBytes: 200, requests: 1 } });
        const { bytes, end } = await read();
        expect(end).to.equal('TypeError');
        if (encoding === 'identity') expect(bytes).to.equal(200);
        expect((await read()).end).to.equal('whole');
      });

      it('stall: no more comes, and the connection stays', async () => {
        simulator().faults.set({ cut: { afterBytes: 200, how: 'stall' } });
        const { bytes, end } = await read(AbortSignal.timeout(50));
        expect(end).to.equal('TimeoutError');
        if (encoding === 'identity') expect(bytes).to.equal(200);
      });

      it('end: looks whole, and is not JSON; the connection goes on', async () => {
        const { faults, get } = simulator();
        faults.set({ cut: { afterBytes: 200, how: 'end' } });
        const reply = await get('/api/vms', headers);
        expect(reply.text).to.have.lengthOf(200);
        expect(reply.json).to.throw(SyntaxError);
        expect(simulator().lines.filter(({ event }) => event === 'simulator request failed')).to.deep.equal(
          [],
        );
      });

      it('a shorter body passes whole', async () => {
        simulator().faults.set({ cut: { afterBytes: 1_000_000 } });
        expect((await read()).end).to.equal('whole');
      });

      it('drip: comes whole, piece by piece', async () => {
        const { faults, get } = simulator();
        faults.set({ drip: { bytes: encoding === 'gzip' ? 400 : 4_000, everyMs: 1 } });
        expect(itemsOf(await get('/api/vms', headers), 'vm')).to.have.lengthOf(2);
      });
    });
  }

  it('drip: an hour between pieces ends when the simulator closes', async () => {
    const { faults, url, token, close } = simulator();
    faults.set({ drip: { bytes: 10, everyMs: 3_600_000 } });
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    const response = await fetch(`${url}/api/vms`, { headers });
    const body = response.text().then(
      () => 'whole',
      () => 'broken',
    );
    await close();
    expect(await body).to.equal('broken');
  });

  describe('odd objects', () => {
    it('spoils the first VM of a listing: os a number', async () => {
      const { faults, get } = simulator();
      faults.set({ oddVms: { set: { os: 7 } } });
      const [first, second] = column(await get('/api/vms'), 'vm', 'os');
      expect(first).to.equal(7);
      expect(second).to.have.property('type', 'rhel_9x64');
    });

    it('spoils the VM of an id, listed and alone: id missing, name null', async () => {
      const { faults, get } = simulator();
      faults.set({ oddVms: { id: VM_2, remove: ['id'], set: { name: null } } });
      const listed = await get('/api/vms');
      expect(column(listed, 'vm', 'id')).to.deep.equal([VM_1, undefined]);
      expect(column(listed, 'vm', 'name')).to.deep.equal(['one', null]);
      expect((await get(`/api/vms/${VM_2}`)).json()).not.to.have.property('id');
      expect((await get(`/api/vms/${VM_1}`)).json()).to.have.property('id');
    });

    it('puts something else in the place of 2 VMs', async () => {
      const { faults, get } = simulator();
      faults.set({ oddVms: { count: 2, replacement: 'gone' } });
      expect((await get('/api/vms')).json()).to.deep.equal({ vm: ['gone', 'gone'] });
    });

    it('spoils a host: without a name', async () => {
      const { faults, get } = simulator();
      faults.set({ oddHosts: { remove: ['name'] } });
      const [host] = itemsOf(await get('/api/hosts'), 'host');
      expect(host).to.have.property('id', HOST);
      expect(host).not.to.have.property('name');
      expect((await get(`/api/hosts/${HOST}`)).json()).not.to.have.property('name');
      expect(itemsOf(await get('/api/vms'), 'vm')[0]).to.have.property('name');
    });
  });

  describe('of events', () => {
    const ids = async () => column(await simulator().get('/api/events'), 'event', 'id');

    it('missing: the VM is paused, and no event says so; the next event does', async () => {
      const { faults, get, world } = simulator();
      faults.set({ missingEvents: { events: 1 } });
      world.pauseVm(VM_1);
      expect((await get(`/api/vms/${VM_1}`)).json()).to.include({ status: 'paused' });
      expect((await get('/api/events')).json()).to.deep.equal({});
      world.resumeVm(VM_1);
      expect(column(await get('/api/events'), 'event', 'code')).to.deep.equal(['40']);
      expect(faults.current()).to.deep.equal({});
    });

    it('missing, one in 2 of code 1025: the 2nd and the 4th of 4 pauses', async () => {
      const { faults, world, get } = simulator();
      faults.set({ missingEvents: { codes: [1025], every: 2 } });
      for (let round = 0; round < 4; round++) {
        world.pauseVm(VM_1);
        world.resumeVm(VM_1);
      }
      const codes = column(await get('/api/events'), 'event', 'code');
      expect(codes).to.deep.equal(['40', '40', '1025', '40', '40', '1025']);
    });

    it('late: readable 100 ms after it was written, a later one before it, each once it is due', async () => {
      const { faults, world } = simulator();
      faults.set({ lateEvents: { codes: [1025], events: 1, ms: 100 } });
      world.pauseVm(VM_1);
      world.resumeVm(VM_1);
      expect(await ids()).to.deep.equal(['2']);
      now += 99;
      expect(await ids()).to.deep.equal(['2']);
      now += 1;
      expect(await ids()).to.deep.equal(['2', '1']);
    });

    it('gaps of 10 ids before each of 2 events: 11, 22, then 23', async () => {
      const { faults, world } = simulator();
      faults.set({ idGaps: { ids: 10, events: 2 } });
      for (let round = 0; round < 3; round++) world.pauseVm(VM_1);
      expect(await ids()).to.deep.equal(['23', '22', '11']);
    });

    for (const code of [403, 404]) {
      it(`refused with ${code}, while VMs are answered`, async () => {
        simulator().faults.set({ status: { code, path: '/api/events' } });
        expect([await outcome('/api/events?from=5'), await outcome()]).to.deep.equal([code, 200]);
      });
    }

    it('cut in the middle of an event', async () => {
      const { faults, get, world } = simulator();
      world.pauseVm(VM_1);
      faults.set({ cut: { path: '/api/events', how: 'end', afterBytes: 300 } });
      expect((await get('/api/events')).json).to.throw(SyntaxError);
      expect(await outcome()).to.equal(200);
    });
  });

  it('several may be on at once', async () => {
    simulator().faults.set({ latency: { ms: 1 }, status: { code: 500, requests: 1, path: '/api/vms' } });
    expect([await outcome(), await outcome()]).to.deep.equal([500, 200]);
    expect(simulator().faults.current()).to.have.all.keys('latency');
  });
});

describe('createFaultSwitch', () => {
  const cases: readonly { readonly faults: FaultsInput; readonly message: RegExp }[] = [
    { faults: { status: { code: 200 } }, message: /^status\.code: / },
    { faults: { latency: { ms: -1 } }, message: /^latency\.ms: / },
    { faults: { latency: { ms: 3_600_001 } }, message: /^latency\.ms: / },
    { faults: { hang: { path: 'api' } }, message: /^hang\.path: / },
    { faults: { hang: { requests: 0 } }, message: /^hang\.requests: / },
    { faults: { oddVms: { id: 'x' } }, message: /^oddVms\.id: / },
    { faults: { missingEvents: { codes: [] } }, message: /^missingEvents\.codes: / },
    { faults: { lateEvents: { ms: 3_600_001 } }, message: /^lateEvents\.ms: / },
    { faults: { idGaps: { ids: 1_000_001 } }, message: /^idGaps\.ids: / },
    { faults: { idGaps: { every: 0 } }, message: /^idGaps\.every: / },
    { faults: JSON.parse('{"nonsense":{}}') as FaultsInput, message: /nonsense/ },
  ];
  for (const { faults, message } of cases) {
    it(`refuses ${JSON.stringify(faults)} and keeps what was on`, () => {
      const faultSwitch = createFaultSwitch();
      faultSwitch.set({ hang: {} });
      expect(() => faultSwitch.set(faults))
        .to.throw(message)
        .with.property('code', 'INVALID_ARGUMENT');
      expect(faultSwitch.current()).to.have.all.keys('hang');
    });
  }

  it('counts each fault down by itself, and those of other paths not at all', () => {
    const faults = createFaultSwitch();
    faults.set({ hang: { path: '/api/vms', requests: 2 }, reset: { path: '/api/hosts', requests: 1 } });
    expect(faults.strike('/api/vms/x')).to.have.all.keys('hang');
    expect(faults.strike('/sso')).to.deep.equal({});
    expect(faults.current()).to.deep.equal(
      faultsSchema.parse({
        hang: { path: '/api/vms', requests: 1 },
        reset: { path: '/api/hosts', requests: 1 },
      }),
    );
    faults.strike('/api/hosts');
    faults.strike('/api/vms');
    expect(faults.current()).to.deep.equal({});
  });
});
