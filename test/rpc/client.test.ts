import { expect } from 'chai';
import { createServer } from 'node:net';
import { SchedulingError } from '../../src/domain/errors.js';
import { MAX_TIMER_MS } from '../../src/lib/timers.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { aCall, aScoreRequest, createLoopback, fakeService, rejection } from './loopback.js';
import { unitList } from '../support/unit-list.js';

const DAY_MS = 24 * 3_600_000;

describe('the client', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  it('says UNAVAILABLE at once where nothing listens', async () => {
    const client = loopback.connect({ address: '127.0.0.1:1' });
    const error = await rejection(client.scoreHosts(aScoreRequest(), aCall({ deadline: Infinity })));
    expect(error).to.be.instanceOf(SchedulingError).and.include({ code: 'UNAVAILABLE' });
    expect(String(error)).to.match(/127\.0\.0\.1:1: .*ECONNREFUSED/);
  });

  it('stops waiting at the deadline for a peer that says nothing', async () => {
    const peer = createServer((socket) => {
      socket.on('error', () => undefined).resume();
      // grpc-js holds on to a connection whose peer never spoke HTTP/2, also when it is closed.
      loopback.onClose(() => socket.destroy());
    });
    await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
    loopback.onClose(() => peer.close());
    const bound = peer.address();
    if (bound === null || typeof bound === 'string') throw new Error('no port');
    const client = loopback.connect({ address: `127.0.0.1:${bound.port}` });
    const error = await rejection(client.scoreHosts(aScoreRequest(), aCall({ deadline: Date.now() + 50 })));
    expect(error).to.include({
      code: 'DEADLINE_EXCEEDED',
      message: `no answer from 127.0.0.1:${bound.port} in time`,
    });
  });

  for (const [ahead, ms] of [
    ['2^31 - 1 ms', MAX_TIMER_MS],
    ['26 days', 26 * DAY_MS],
    ['10,000 days', 10_000 * DAY_MS],
  ] as const) {
    it(`asks with a deadline ${ahead} ahead, which a server on grpc-js would end at once, for one of 27 h, all that eight digits of milliseconds hold`, async () => {
      const service = fakeService();
      const client = loopback.connect(await loopback.serve({ service }));
      const before = Date.now();
      await client.scoreHosts(aScoreRequest(), aCall({ deadline: before + ms }));
      expect(service.received[0]?.call.deadline).to.be.within(before + 99_999_999, Date.now() + 99_999_999);
    });
  }

  it('gives a call without a deadline 10 s', async () => {
    const service = fakeService();
    const client = loopback.connect(await loopback.serve({ service }));
    const before = Date.now();
    await client.scoreHosts(aScoreRequest(), aCall({ deadline: Infinity }));
    expect(service.received[0]?.call.deadline).to.be.within(before + 9_900, Date.now() + 10_100);
  });

  const over: { title: string; call: () => Parameters<typeof aCall>[0]; code: string; message: string }[] = [
    {
      title: 'a call that was cancelled before',
      call: () => ({ signal: AbortSignal.abort() }),
      code: 'CANCELLED',
      message: 'the call was cancelled',
    },
    {
      title: 'a call that was cancelled for some reason',
      call: () => ({ signal: AbortSignal.abort('enough') }),
      code: 'CANCELLED',
      message: 'the call was cancelled',
    },
    {
      title: 'a call whose time is over',
      call: () => ({ deadline: Date.now() - 1 }),
      code: 'DEADLINE_EXCEEDED',
      message: 'no time is left for the call',
    },
    {
      title: 'a request id that is no header',
      call: () => ({ requestId: 'ä' }),
      code: 'INVALID_ARGUMENT',
      message: 'request_id: expected up to 128 printable ASCII characters, got "ä"',
    },
  ];
  for (const { title, call, code, message } of over) {
    it(`sends nothing for ${title}`, async () => {
      const service = fakeService();
      const client = loopback.connect(await loopback.serve({ service }));
      expect(await rejection(client.scoreHosts(aScoreRequest(), aCall(call()))))
        .to.be.instanceOf(SchedulingError)
        .and.include({ code, message });
      expect(service.received).to.deep.equal([]);
    });
  }

  it('makes many calls at a time under one signal without a warning', async () => {
    const warnings: unknown[] = [];
    const listen = (warning: unknown) => void warnings.push(warning);
    const client = loopback.connect(await loopback.serve({ service: fakeService() }));
    const call = aCall();
    process.on('warning', listen);
    await Promise.all(Array.from({ length: 20 }, () => client.scoreHosts(aScoreRequest(), call)));
    process.off('warning', listen);
    expect(warnings).to.deep.equal([]);
  });

  it('says so when it is closed', async () => {
    const server = await loopback.serve();
    const client = createRpcClient({ target: server.address });
    await client.listPolicyUnits(aCall());
    client.close();
    expect(await rejection(client.listPolicyUnits(aCall()))).to.include({
      code: 'UNAVAILABLE',
      message: `${server.address}: the client can't call it any more; open another one`,
    });
  });

  it('finds a service again that was restarted on its port', async () => {
    const first = await loopback.serve();
    const client = loopback.connect(first);
    await client.listPolicyUnits(aCall());
    await first.close(1000);
    expect(await rejection(client.listPolicyUnits(aCall()))).to.include({ code: 'UNAVAILABLE' });
    await loopback.serve({ settings: { listen: { host: '127.0.0.1', port: first.port } } });
    for (;;) {
      const units = await client.listPolicyUnits(aCall()).catch(() => undefined);
      if (units !== undefined) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  it('ignores http_proxy', async () => {
    const before = process.env['http_proxy'];
    process.env['http_proxy'] = 'http://127.0.0.1:1';
    try {
      const client = loopback.connect(await loopback.serve());
      expect(await client.listPolicyUnits(aCall())).to.deep.equal(unitList([]));
    } finally {
      if (before === undefined) delete process.env['http_proxy'];
      else process.env['http_proxy'] = before;
    }
  });

  for (const target of ['', 'http://host:50051']) {
    it(`names a target that can be none: "${target}"`, () => {
      expect(() => createRpcClient({ target })).to.throw(
        SchedulingError,
        `target: expected host:port, got "${target}" (`,
      );
    });
  }
});
