import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import { serverSection } from '../../src/config/sections.js';
import { CONNECTION_GRACE_MS } from '../../src/rpc/server.js';
import { aBalanceRequest, aCall, createLoopback, fakeService, SNAPSHOT_TIME, uuid } from './loopback.js';
import { rawStream } from './raw-call.js';

describe('a connection that is old', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  it('is replaced more than 5 times in 2 s while 16 callers call, and none of their calls, more than 100, fails', async () => {
    const service = fakeService({
      balanceHosts: async () => {
        await setTimeout(1);
        return { snapshotTime: SNAPSHOT_TIME };
      },
    });
    const { address } = await loopback.serve({ service, settings: { maxConnectionAge: 200 } });
    const client = loopback.connect({ address });
    let connects = 0;
    client.onConnected(() => connects++);
    const end = Date.now() + 2000;
    let calls = 0;
    const callOn = async () => {
      for (; Date.now() < end; calls++) await client.balanceHosts(aBalanceRequest(), aCall());
    };
    await Promise.all(Array.from({ length: 16 }, callOn));
    expect(connects).to.be.greaterThan(5);
    expect(calls).to.be.greaterThan(100);
  }).timeout(10_000);

  it('keeps a stream that is open', async () => {
    const { address } = await loopback.serve({ settings: { maxConnectionAge: 30 } });
    const { stream, answers, ended, close } = rawStream(address, {});
    loopback.onClose(close);
    for (let n = 0; n < 5; n++) {
      stream.write({ vm_id: uuid(n), host_ids: [uuid(n)], units: [{ name: 'even' }] });
      await setTimeout(40);
    }
    stream.end();
    expect((await ended).code).to.equal(0);
    expect(answers.length).to.equal(5);
  });

  it('is 5 minutes old by default, and its streams have 10 more', () => {
    expect(serverSection.parse({}).maxConnectionAge).to.equal(5 * 60_000);
    expect(CONNECTION_GRACE_MS).to.equal(10 * 60_000);
  });
});
