import { expect } from 'chai';
import type { PolicyUnitService } from '../../src/domain/contract.js';
import { SchedulingError, type SchedulingErrorCode } from '../../src/domain/errors.js';
import { until } from '../support/until.js';
import {
  aBalanceRequest,
  aCall,
  aFilterRequest,
  aScoreRequest,
  createLoopback,
  deferred,
  fakeService,
  rejection,
} from './loopback.js';

describe('replicas behind one name', () => {
  const loopback = createLoopback();
  afterEach(() => loopback.close());

  /** Serves each of these services, and connects a client to all of them under one name. */
  async function connect(...services: readonly PolicyUnitService[]) {
    const servers = await Promise.all(services.map((service) => loopback.serve({ service })));
    return loopback.connect({ address: `ipv4:${servers.map(({ address }) => address).join(',')}` });
  }

  /** A service that fails every call with this code. */
  function failing(code: SchedulingErrorCode) {
    const fail = () => Promise.reject(new SchedulingError(code, 'not me'));
    return fakeService({ listPolicyUnits: fail, scoreHosts: fail, filterHosts: fail, balanceHosts: fail });
  }

  /** Waits until each of these services has been asked. */
  async function allAsked(
    ask: () => Promise<unknown>,
    ...services: readonly ReturnType<typeof fakeService>[]
  ): Promise<void> {
    await until(
      () => ask().catch(() => undefined),
      () => services.every(({ received }) => received.length > 0),
    );
  }

  it('answer for one that is not ready: 60 calls of three methods, none fails', async () => {
    const starting = failing('UNAVAILABLE');
    const others = [fakeService(), fakeService()];
    const client = await connect(starting, ...others);
    await allAsked(() => client.listPolicyUnits(aCall()), starting, ...others);
    for (let n = 0; n < 20; n += 1) {
      await client.scoreHosts(aScoreRequest(), aCall());
      await client.filterHosts(aFilterRequest(), aCall());
      await client.listPolicyUnits(aCall());
    }
  });

  const attempts: {
    title: string;
    code: SchedulingErrorCode;
    ask: (client: Awaited<ReturnType<typeof connect>>) => Promise<unknown>;
    asked: number;
  }[] = [
    {
      title: 'ScoreHosts 5 times',
      code: 'UNAVAILABLE',
      ask: (client) => client.scoreHosts(aScoreRequest(), aCall()),
      asked: 5,
    },
    {
      title: 'FilterHosts 5 times',
      code: 'UNAVAILABLE',
      ask: (client) => client.filterHosts(aFilterRequest(), aCall()),
      asked: 5,
    },
    {
      title: 'ListPolicyUnits 5 times',
      code: 'UNAVAILABLE',
      ask: (client) => client.listPolicyUnits(aCall()),
      asked: 5,
    },
    {
      title: 'BalanceHosts, which remembers what it proposed, once',
      code: 'UNAVAILABLE',
      ask: (client) => client.balanceHosts(aBalanceRequest(), aCall()),
      asked: 1,
    },
    {
      title: 'ScoreHosts once when it fails otherwise',
      code: 'INTERNAL',
      ask: (client) => client.scoreHosts(aScoreRequest(), aCall()),
      asked: 1,
    },
  ];
  for (const { title, code, ask, asked } of attempts) {
    it(`are asked for ${title}`, async () => {
      const service = failing(code);
      expect(await rejection(ask(await connect(service)))).to.include({ code });
      expect(service.received.length).to.equal(asked);
    });
  }

  it('are asked no more than once each when most calls have failed: 1000 - 500 tokens', async () => {
    const service = failing('UNAVAILABLE');
    const client = await connect(service);
    const ask = () => rejection(client.scoreHosts(aScoreRequest(), aCall()));
    await Promise.all(Array.from({ length: 60 }, ask));
    const first = service.received.length;
    await ask();
    expect([first, service.received.length - first]).to.deep.equal([60 * 5, 5]);
    await Promise.all(Array.from({ length: 60 }, ask));
    const before = service.received.length;
    await ask();
    expect(service.received.length - before).to.equal(1);
  });

  it('are not asked again past the deadline of the call', async () => {
    const service = fakeService({
      scoreHosts: () =>
        new Promise((_, reject) => {
          setTimeout(() => reject(new SchedulingError('UNAVAILABLE', 'not me')), 30);
        }),
    });
    const client = await connect(service);
    await client.listPolicyUnits(aCall());
    const error = await rejection(client.scoreHosts(aScoreRequest(), aCall({ deadline: Date.now() + 50 })));
    expect(error).to.include({ code: 'DEADLINE_EXCEEDED' });
    const asked = service.received.length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    // One may have been under way. Without the deadline there would be five.
    expect(service.received.length).to.be.at.most(asked + 1);
    expect(service.received.length).to.be.below(5);
  });

  it('get no second call while one hangs and another is free: 1 and 20', async () => {
    const release = deferred<undefined>();
    const hanging = fakeService({
      filterHosts: () => release.promise.then(() => Promise.reject(new Error())),
    });
    const other = fakeService();
    const client = await connect(hanging, other);
    await allAsked(() => client.listPolicyUnits(aCall()), hanging, other);
    const ending = new AbortController();
    const stuck: Promise<unknown>[] = [];
    // Both get one; that of the other service ends at once.
    for (let n = 0; n < 2; n += 1) {
      stuck.push(
        client.filterHosts(aFilterRequest(), aCall({ signal: ending.signal })).catch(() => undefined),
      );
      await client.listPolicyUnits(aCall());
    }
    const count = (service: typeof hanging) =>
      service.received.filter(({ method }) => method === 'scoreHosts').length;
    for (let n = 0; n < 20; n += 1) await client.scoreHosts(aScoreRequest(), aCall());
    expect([count(hanging), count(other)]).to.deep.equal([0, 20]);
    ending.abort();
    release.resolve(undefined);
    await Promise.all(stuck);
  });

  it('leave out one that fails its calls, and keep one that is alone', async () => {
    const [failed, other, alone] = [failing('INTERNAL'), fakeService(), failing('INTERNAL')];
    const [client, only] = [await connect(failed, other), await connect(alone)];
    // In turn, each second call would fail.
    let inARow = 0;
    await until(
      async () => {
        expect(await rejection(only.scoreHosts(aScoreRequest(), aCall()))).to.include({ code: 'INTERNAL' });
        const answer = await client.scoreHosts(aScoreRequest(), aCall()).catch(() => undefined);
        inARow = answer === undefined ? 0 : inARow + 1;
      },
      () => inARow === 10,
    );
  });
});
