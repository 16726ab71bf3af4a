import { expect } from 'chai';
import type { Call } from '../../src/domain/contract.js';
import { until } from '../support/until.js';
import { aCall, aScoreRequest, createLoopback, fakeService } from './loopback.js';

describe('the connection of a client', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  it('shares calls among all addresses of a name: 8 calls to 2 servers -> 4 each', async () => {
    const services = [fakeService(), fakeService()];
    const servers = await Promise.all(services.map((service) => loopback.serve({ service })));
    const target = `ipv4:${servers.map(({ address }) => address).join(',')}`;
    const client = loopback.connect({ address: target });
    const asked = () => services.map(({ received }) => received.length);
    // Until both are connected, one of them answers everything.
    await until(
      async () => {
        await client.scoreHosts(aScoreRequest(), aCall());
        return asked();
      },
      (counts) => counts.every((count) => count > 0),
    );
    const before = asked();
    for (let calls = 0; calls < 8; calls++) await client.scoreHosts(aScoreRequest(), aCall());
    expect(asked().map((count, index) => count - (before[index] ?? 0))).to.deep.equal([4, 4]);
  });

  it('tells when it is there, and there again after a restart, without a call', async () => {
    const server = await loopback.serve();
    const client = loopback.connect(server);
    let connected = 0;
    const stop = client.onConnected(() => connected++);
    await until(
      () => connected,
      (times) => times === 1,
    );
    await server.close(0);
    await loopback.serve({ settings: { listen: { host: '127.0.0.1', port: server.port } } });
    await until(
      () => connected,
      (times) => times === 2,
    );
    stop();
  });

  it('tells nothing once it is told to stop or the client is closed', async () => {
    const server = await loopback.serve();
    const client = loopback.connect(server);
    let connected = 0;
    client.onConnected(() => connected++)();
    await client.scoreHosts(aScoreRequest(), aCall());
    client.close();
    client.onConnected(() => connected++);
    expect(connected).to.equal(0);
  });

  const travels: { title: string; call: Partial<Call>; received: Partial<Call> }[] = [
    { title: 'no depth as 0, no dry run', call: {}, received: { depth: 0, dryRun: false } },
    { title: 'depth 3 as 3', call: { depth: 3 }, received: { depth: 3, dryRun: false } },
    { title: 'a dry run', call: { dryRun: true }, received: { depth: 0, dryRun: true } },
  ];
  for (const { title, call, received } of travels) {
    it(`carries ${title}`, async () => {
      const service = fakeService();
      const client = loopback.connect(await loopback.serve({ service }));
      await client.scoreHosts(aScoreRequest(), aCall(call));
      expect(service.received[0]?.call).to.include(received);
    });
  }
});
