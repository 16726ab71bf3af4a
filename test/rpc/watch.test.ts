import { expect } from 'chai';
import { setMaxListeners } from 'node:events';
import { networkInterfaces } from 'node:os';
import { MAX_REPLICAS, MAX_UNTRUSTED_REPLICAS } from '../../src/rpc/admission.js';
import type { RpcClient } from '../../src/rpc/client.js';
import { feedOf } from '../support/feed.js';
import { until } from '../support/until.js';
import { host, snapshotOf } from '../support/world.js';
import { createLoopback, memoryLog } from './loopback.js';

/** An address of this machine at which it is called like any other; undefined without a network. */
const OUTSIDE = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.internal === false && address.family === 'IPv4')?.address;

describe('Watch', () => {
  const loopback = createLoopback();
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  afterEach(() => loopback.close());
  after(() => stop.abort());

  async function serve(allowPlaintext = false) {
    const log = memoryLog();
    const feed = feedOf(snapshotOf([host(1)], []));
    const server = await loopback.serve({
      ...{ feed: () => feed, log },
      settings: { listen: { host: '::', port: 0 }, allowPlaintext },
    });
    const client = (address: string) => loopback.connect({ address: `${address}:${server.port}` });
    return { log, client };
  }

  /** Opens a watch. Resolves to `open` with its first part, or else to the code of its end. */
  function open(client: RpcClient, signal = stop.signal): Promise<string> {
    return new Promise((resolve) => {
      const request = { from: undefined, uses: [] };
      client
        .watch(request, { requestId: 'watch', signal }, () => resolve('open'))
        .catch((error: unknown) => resolve(String(error)));
    });
  }

  async function openMany(client: RpcClient, count: number): Promise<string[]> {
    const opened: string[] = [];
    for (let n = 0; n < count; n += 1) opened.push(await open(client));
    return opened;
  }

  const isOpen = (count: number) => Array.from({ length: count }, () => 'open');

  it(`keeps ${MAX_REPLICAS - MAX_UNTRUSTED_REPLICAS} of ${MAX_REPLICAS} places for callers that may reserve`, async () => {
    if (OUTSIDE === undefined) return;
    const { client } = await serve();
    const [others, ours] = [client(OUTSIDE), client('127.0.0.1')];
    expect(await openMany(others, MAX_UNTRUSTED_REPLICAS)).to.deep.equal(isOpen(MAX_UNTRUSTED_REPLICAS));
    expect(await open(others)).to.include('at most 32 are accepted, and 64 with callers of this machine');
    const left = MAX_REPLICAS - MAX_UNTRUSTED_REPLICAS;
    expect(await openMany(ours, left)).to.deep.equal(isOpen(left));
    expect(await open(ours)).to.include('at most 64 are accepted; watch one of those');
  });

  it('gives every caller a place of all of them with server.allowPlaintext', async () => {
    if (OUTSIDE === undefined) return;
    const { client } = await serve(true);
    const others = client(OUTSIDE);
    expect(await openMany(others, MAX_REPLICAS)).to.deep.equal(isOpen(MAX_REPLICAS));
    expect(await open(others)).to.include('at most 64 are accepted; watch one of those');
  });

  it('is open many times without a warning of Node, which an administrator would take for a leak', async () => {
    const { client } = await serve();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    await openMany(client('127.0.0.1'), 20);
    process.off('warning', onWarning);
    expect(warnings).to.deep.equal([]);
  });

  it('that its caller cancels is no failed call, but one that was cancelled', async () => {
    const { log, client } = await serve();
    const caller = new AbortController();
    expect(await open(client('127.0.0.1'), caller.signal)).to.equal('open');
    caller.abort();
    await until(
      () => log.lines.map(({ level, event, requestId }) => [level, event, requestId]),
      (lines) => lines.length > 0,
    );
    expect(log.lines).to.deep.equal([
      { level: 'debug', event: 'call cancelled', method: 'Watch', requestId: 'watch' },
    ]);
  });
});
