import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { SchedulingError } from '../../src/domain/errors.js';
import { demoWorld } from '../../src/simulator/demo-world.js';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/simulator.js';
import { call, useSimulator } from './running-simulator.js';

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const start = (options: Partial<SimulatorOptions>): Promise<Simulator> =>
  startSimulator({ world: demoWorld(), log: silent, ...options });

const failureOf = (options: Partial<SimulatorOptions>): Promise<unknown> =>
  start(options).then(
    async (simulator) => simulator.close(),
    (error: unknown) => error,
  );

describe('startSimulator', () => {
  const simulator = useSimulator(demoWorld);

  it('listens on a free loopback port and logs where', () => {
    const { url, controlUrl, lines } = simulator();
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/ovirt-engine$/);
    expect(controlUrl).to.equal(url.replace('/ovirt-engine', '/simulator'));
    expect(lines[0]).to.deep.equal({
      level: 'info',
      event: 'simulator listening',
      fields: { url, hosts: 12, vms: 200 },
    });
  });

  it('takes another account', async () => {
    const other = await start({ username: 'bob@example', password: 'p w&=ü' });
    try {
      const logIn = (username: string, password: string) =>
        call(`${other.url}/sso/oauth/token`, {
          method: 'POST',
          headers: { accept: 'application/json' },
          body: new URLSearchParams({ grant_type: 'password', scope: 'ovirt-app-api', username, password }),
        });
      expect((await logIn('bob@example', 'p w&=ü')).status).to.equal(200);
      expect((await logIn('admin@internal', 'simulator')).status).to.equal(400);
    } finally {
      await other.close();
    }
  });

  for (const host of ['0.0.0.0', '::', 'example.com', '10.1.2.3', '']) {
    it(`refuses to listen on ${JSON.stringify(host)}`, async () => {
      const error = await failureOf({ host });
      expect(error).to.be.instanceOf(SchedulingError).with.property('code', 'INVALID_ARGUMENT');
    });
  }

  it('says in one line that a port is in use', async () => {
    const port = Number(new URL(simulator().url).port);
    const error = await failureOf({ port });
    expect(error).to.be.instanceOf(SchedulingError).with.property('code', 'UNAVAILABLE');
    expect(error)
      .to.have.property('message')
      .that.equals(
        `cannot listen on 127.0.0.1:${port}: the port is in use; stop what listens there, or choose another port (EADDRINUSE)`,
      );
  });

  for (const path of ['/', '/ovirt-engineering/api', '/favicon.ico', '/simulated']) {
    it(`answers 404 to ${path}`, async () => {
      const reply = await call(new URL(path, simulator().url).href);
      expect([reply.status, reply.text.slice(0, 6)]).to.deep.equal([404, '<html>']);
    });
  }

  it('closes with a hanging request, an idle connection and one that said half a word', async () => {
    const { url, faults, close, requests } = simulator();
    faults.set({ hang: {} });
    const hanging = fetch(`${url}/api`).then(
      () => 'answered',
      () => 'failed',
    );
    const { hostname, port } = new URL(url);
    const ended = ['', 'GET /ovirt-eng'].map((words) => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write(words);
      return new Promise((resolve) => socket.once('close', resolve));
    });
    while (requests.count('/api') === 0) await new Promise(setImmediate);
    await Promise.all([close(), close()]);
    expect(await hanging).to.equal('failed');
    await Promise.all(ended);
    const again = await call(`${url}/api`).catch((error: unknown) => error);
    expect(again).to.be.an('error');
  });

  it('survives what is no HTTP', async () => {
    const { hostname, port } = new URL(simulator().url);
    const socket = connect(Number(port), hostname);
    socket.write('\x16\x03\x01 nonsense\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect((await simulator().get('/api')).status).to.equal(200);
  });
});
