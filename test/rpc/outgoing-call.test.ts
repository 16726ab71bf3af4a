import { Client, credentials } from '@grpc/grpc-js';
import { expect } from 'chai';
import { once } from 'node:events';
import { constants, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createRemote } from '../../src/rpc/outgoing-call.js';
import { createFakeTime } from '../inventory/fake-time.js';
import { until } from '../support/until.js';
import {
  aBalanceRequest,
  aCall,
  aScoreRequest,
  createLoopback,
  deferred,
  fakeService,
  rejection,
} from './loopback.js';

describe('a call that nobody waits for any more', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  function setUp() {
    const time = createFakeTime(1_700_000_000_000);
    const client = new Client('127.0.0.1:1', credentials.createInsecure());
    loopback.onClose(() => client.close());
    const { leave } = createRemote(client, 'somewhere', { steady: time.clock, after: time.after });
    let resets = 0;
    const left = (calls: number) =>
      Array.from({ length: calls }, () => leave({ cancel: () => (resets += 1) }));
    return { time, left, resets: () => resets };
  }

  it('is reset up to 10 times a second: 10, and 10 in the next one', async () => {
    const { time, left, resets } = setUp();
    left(10);
    expect(resets()).to.equal(10);
    left(1);
    expect(resets()).to.equal(10);
    await time.advance(1000);
    left(11);
    expect(resets()).to.equal(20);
  });

  it('runs on beyond that, up to 32 at a time: 10 + 32 + 1 -> 11 resets', () => {
    const { left, resets } = setUp();
    left(10 + 32);
    expect(resets()).to.equal(10);
    left(1);
    expect(resets()).to.equal(11);
  });

  it('gives its place to another one at its end', () => {
    const { left, resets } = setUp();
    left(10);
    for (const end of left(32)) end();
    left(32);
    expect(resets()).to.equal(10);
  });

  it('is reset after 10 s at the latest', async () => {
    const { time, left, resets } = setUp();
    left(10);
    const [end] = left(2);
    end?.();
    await time.advance(9_999);
    expect(resets()).to.equal(10);
    await time.advance(1);
    expect(resets()).to.equal(11);
  });

  it('runs to its end at the server while others use the connection', async () => {
    const release = deferred<undefined>();
    let aborted = 0;
    let ended = 0;
    const service = fakeService({
      async scoreHosts(_, { signal }) {
        signal.addEventListener('abort', () => (aborted += 1));
        await release.promise;
        ended += 1;
        return { scores: [], unitResults: [], unknownHostIds: [] };
      },
    });
    const client = loopback.connect(await loopback.serve({ service }));
    const ending = new AbortController();
    const calls = Array.from({ length: 42 }, () =>
      rejection(client.scoreHosts(aScoreRequest(), aCall({ signal: ending.signal }))),
    );
    await until(
      () => service.received.length,
      (received) => received === 42,
    );
    ending.abort();
    for (const error of await Promise.all(calls)) expect(error).to.include({ code: 'CANCELLED' });
    await client.balanceHosts(aBalanceRequest(), aCall());
    // Twice 10 when a second begins in between.
    expect(aborted).to.be.within(10, 20);
    release.resolve(undefined);
    await until(
      () => ended,
      (count) => count === 42,
    );
    await client.balanceHosts(aBalanceRequest(), aCall());
  });

  it('is not reset either when its deadline passes', async () => {
    let streams = 0;
    let resets = 0;
    const server = createServer().on('stream', (stream) => {
      streams += 1;
      stream.on('close', () => (resets += stream.rstCode === constants.NGHTTP2_CANCEL ? 1 : 0));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    loopback.onClose(() => server.close());
    const client = loopback.connect({ address: `127.0.0.1:${(server.address() as AddressInfo).port}` });
    const calls = Array.from({ length: 42 }, () =>
      rejection(client.scoreHosts(aScoreRequest(), aCall({ deadline: Date.now() + 300 }))),
    );
    for (const error of await Promise.all(calls)) expect(error).to.include({ code: 'DEADLINE_EXCEEDED' });
    await rejection(client.scoreHosts(aScoreRequest(), aCall({ deadline: Date.now() + 50 })));
    expect(streams).to.equal(43);
    expect(resets).to.be.within(10, 20);
  });
});
