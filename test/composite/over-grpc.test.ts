import { expect } from 'chai';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { Member } from '../../src/composite/member.js';
import { createComposite, type Composite, type CompositeOptions } from '../../src/composite/service.js';
import type { PolicyUnitService, UnitResult } from '../../src/domain/contract.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { startRpcServer, type RpcServer } from '../../src/rpc/server.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { serverSettings } from '../support/server-settings.js';
import { until } from '../support/until.js';
import { hang, offered, scoreRequest, scripted, settingsOf, storeOf, tens } from './stage.js';

/** Quick, so that a test sees a service come back. */
const QUICK = settingsOf({ breakerPause: 20, relistInterval: 30 });

const shown = (results: readonly UnitResult<readonly number[]>[]) =>
  results.map(({ unit, value, failure }) => `${unit} ${value?.join(' ') ?? failure?.code ?? ''}`);

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('expected a port');
  return address.port;
}

describe('a composite over gRPC', () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function serve(service: PolicyUnitService, port = 0): Promise<RpcServer> {
    const settings = serverSettings({ listen: { host: '127.0.0.1', port } });
    const server = await startRpcServer({ service, settings, log: memoryLog() });
    closers.push(() => server.close(0));
    return server;
  }

  function memberAt(name: string, target: string, options: Partial<Member> = {}): Member {
    const client = createRpcClient({ target });
    closers.push(() => client.close());
    return { name, service: client, remote: true, deadlineMs: 2000, ...options };
  }

  async function compose(
    members: readonly Member[],
    options: Partial<CompositeOptions> = {},
  ): Promise<Composite> {
    const composite = createComposite({ members, log: memoryLog(), settings: QUICK, ...options });
    closers.push(() => composite.close());
    composite.start();
    await composite.firstListing;
    return composite;
  }

  const score = async (composite: Composite) => {
    const { unitResults } = await composite.scoreHosts(scoreRequest(), call({ deadline: Date.now() + 5000 }));
    return shown(unitResults);
  };
  const breakerOf = (composite: Composite, index: number) => composite.state()[index]?.breaker;

  it('loses the units of a service that is killed, and has them back with the service', async () => {
    const alpha = await serve(scripted('a'));
    const beta = await serve(scripted('b'));
    const composite = await compose([memberAt('alpha', alpha.address), memberAt('beta', beta.address)]);
    expect(await score(composite)).to.deep.equal(['a 0 10', 'b 0 10']);

    await beta.close(0);
    await until(
      async () => {
        expect(await score(composite)).to.deep.equal(['a 0 10', 'b UNAVAILABLE']);
        return breakerOf(composite, 1);
      },
      (state) => state === 'open',
    );

    await serve(scripted('b'), beta.port);
    expect(
      await until(
        () => score(composite),
        ([, b]) => b === 'b 0 10',
      ),
    ).to.deep.equal(['a 0 10', 'b 0 10']);
    expect(breakerOf(composite, 1)).to.equal('closed');
  });

  it('answers every one of 100 calls in flight while a service is killed, hangs and comes back', async () => {
    const alpha = await serve(scripted('a'));
    const service = scripted('b');
    const beta = await serve(service);
    const composite = await compose([
      memberAt('alpha', alpha.address),
      memberAt('beta', beta.address, { deadlineMs: 50 }),
    ]);
    await until(
      () => score(composite),
      ([, b]) => b === 'b 0 10',
    );
    let running = 0;
    const seen = new Set<string>();
    const answers = Array.from({ length: 100 }, async (_, n) => {
      await setTimeout(2 * n);
      running += 1;
      const [a, b = ''] = await score(composite);
      running -= 1;
      expect(a).to.equal('a 0 10');
      seen.add(b);
    });
    service.methods.scoreHosts = hang;
    await until(
      () => running,
      (count) => count > 3,
    );
    await beta.close(0);
    await serve(scripted('b'), beta.port);
    await Promise.all(answers);
    const strange = [...seen].filter((b) => !/^b (?:0 10|UNAVAILABLE|DEADLINE_EXCEEDED)$/.test(b));
    expect(strange).to.deep.equal([]);
    const back = await until(
      () => score(composite),
      ([, b]) => b === 'b 0 10',
    );
    expect(back).to.deep.equal(['a 0 10', 'b 0 10']);
  });

  it('gives up on a service that is slow, and takes it when it is fast enough again', async () => {
    const slow = scripted('b');
    const released: (() => void)[] = [];
    slow.methods.scoreHosts = (request) =>
      new Promise((resolve) => released.push(() => resolve(tens(request))));
    const alpha = await serve(scripted('a'));
    const beta = await serve(slow);
    const composite = await compose([
      memberAt('alpha', alpha.address),
      memberAt('beta', beta.address, { deadlineMs: 30 }),
    ]);
    expect(await score(composite)).to.deep.equal(['a 0 10', 'b DEADLINE_EXCEEDED']);
    for (const release of released) release();
    delete slow.methods.scoreHosts;
    expect(
      await until(
        () => score(composite),
        ([, b]) => b === 'b 0 10',
      ),
    ).to.deep.equal(['a 0 10', 'b 0 10']);
  });

  it('opens the breaker of a service that lists well and hangs on scores, so that callers need not wait', async () => {
    const hanging = scripted('b');
    hanging.methods.scoreHosts = hang;
    const alpha = await serve(scripted('a'));
    const beta = await serve(hanging);
    const composite = await compose(
      [memberAt('alpha', alpha.address), memberAt('beta', beta.address, { deadlineMs: 30 })],
      { settings: { ...QUICK, breakerPause: 30_000 } },
    );
    for (let n = 0; n < 3; n++) expect((await score(composite))[1]).to.equal('b DEADLINE_EXCEEDED');
    const asked = hanging.count('scoreHosts');
    const listed = hanging.count('listPolicyUnits');
    await until(
      () => hanging.count('listPolicyUnits'),
      (count) => count > listed + 1,
    );
    for (let n = 0; n < 20; n++) expect((await score(composite))[1]).to.equal('b UNAVAILABLE');
    expect(hanging.count('scoreHosts')).to.equal(asked);
  });

  it('waits for a port that takes connections and says nothing no longer than its deadline', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const port = portOf(silent.address());
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const alpha = await serve(scripted('a'));
    const members = [
      memberAt('alpha', alpha.address),
      memberAt('mute', `127.0.0.1:${port}`, { deadlineMs: 30 }),
    ];
    const store = storeOf({ mute: [offered('SCORE', 'm')] });
    const composite = await compose(members, { store });
    await until(
      () => score(composite),
      ([a]) => a === 'a 0 10',
    );
    await until(
      () => score(composite),
      () => breakerOf(composite, 1) === 'open',
    );
    expect(await score(composite)).to.deep.equal(['a 0 10', 'm UNAVAILABLE']);
  });

  it('lets a service join that was not there at the start', async () => {
    const alpha = await serve(scripted('a'));
    const placeholder = await serve(scripted());
    await placeholder.close(0);
    const composite = await compose([
      memberAt('alpha', alpha.address),
      memberAt('late', placeholder.address),
    ]);
    expect(await score(composite)).to.deep.equal(['a 0 10']);
    await serve(scripted('l'), placeholder.port);
    expect(
      await until(
        () => score(composite),
        ({ length }) => length === 2,
      ),
    ).to.deep.equal(['a 0 10', 'l 0 10']);
  });

  it('costs a liar its own units only', async () => {
    const alpha = await serve(scripted('a'));
    const lying = scripted('b');
    lying.methods.scoreHosts = (request) => Promise.resolve({ ...tens(request), scores: [] });
    const beta = await serve(lying);
    const composite = await compose([memberAt('alpha', alpha.address), memberAt('beta', beta.address)]);
    expect(await score(composite)).to.deep.equal(['a 0 10', 'b INTERNAL']);
  });
});
