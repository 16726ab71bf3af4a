import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { createComposite, type Composite } from '../../src/composite/service.js';
import type { Call, PolicyUnitService } from '../../src/domain/contract.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { startRpcServer } from '../../src/rpc/server.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { serverSettings } from '../support/server-settings.js';
import { until } from '../support/until.js';
import { offered, scoreRequest, scripted, settingsOf, storeOf } from './stage.js';
import { unitList } from '../support/unit-list.js';

const RELIST_INTERVAL_MS = 20;

describe('two composites over gRPC that have each other as a service', () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function serve(service: PolicyUnitService): Promise<string> {
    const server = await startRpcServer({ service, settings: serverSettings(), log: memoryLog() });
    closers.push(() => server.close(0));
    return server.address;
  }

  /** A composite of the service at that address, which is remembered to have unit x. */
  function compositeOf(target: string): Composite {
    const client = createRpcClient({ target });
    const store = storeOf({ other: [offered('SCORE', 'x')] });
    const members = [{ name: 'other', service: client, remote: true, deadlineMs: 1000 }];
    const composite = createComposite({ members, store, settings: settingsOf(), log: memoryLog() });
    closers.push(
      () => composite.close(),
      () => client.close(),
    );
    return composite;
  }

  it('refuse a call that goes round and round, and end it', async () => {
    let hops = 0;
    let left: Composite | undefined = undefined;
    const entrance: PolicyUnitService = {
      ...scripted('x'),
      scoreHosts(request, bounded: Call) {
        hops += 1;
        if (left === undefined) throw new Error('not made yet');
        return left.scoreHosts(request, bounded);
      },
    };
    const right = compositeOf(await serve(entrance));
    left = compositeOf(await serve(right));

    const outcome = await left.scoreHosts(scoreRequest(), call({ deadline: Date.now() + 500 })).then(
      ({ unitResults }) => unitResults[0]?.failure,
      (error: unknown) => SchedulingError.from(error),
    );
    expect(outcome?.code).to.equal('INVALID_ARGUMENT');
    expect(outcome?.message).to.include('probably form a loop');
    expect(hops).to.equal(2);
  });

  it('take no unit that comes back to where it was listed first, and name the loop', async () => {
    const pair = ['left', 'right'].map((name) => ({ name, log: memoryLog() }));
    const composites: Composite[] = [];
    const addresses: string[] = [];
    for (const index of pair.keys()) {
      const entrance: PolicyUnitService = {
        ...scripted(),
        listPolicyUnits: (bounded) =>
          composites[index]?.listPolicyUnits(bounded) ?? Promise.resolve(unitList([])),
      };
      addresses.push(await serve(entrance));
    }
    for (const [index, { name, log }] of pair.entries()) {
      const client = createRpcClient({ target: addresses[1 - index] ?? '' });
      const composite = createComposite({
        members: [
          { name: 'own', service: scripted(name), remote: false },
          { name: 'other', service: client, remote: true, onConnected: client.onConnected },
        ],
        settings: settingsOf({ relistInterval: RELIST_INTERVAL_MS }),
        log,
      });
      composites.push(composite);
      closers.push(
        () => composite.close(),
        () => client.close(),
      );
    }
    for (const composite of composites) composite.start();
    for (const { log } of pair) {
      const echo = await until(
        () => log.lines.find(({ event }) => event === 'services form a loop'),
        (line) => line !== undefined,
      );
      expect(echo?.fields['service']).to.equal('other');
      expect(log.lines.map(({ event }) => event)).not.to.include('service not listed');
    }
    const list = (composite: Composite) => composite.listPolicyUnits(call({ deadline: Date.now() + 2000 }));
    for (const composite of composites) {
      await until(
        () => list(composite),
        ({ problems }) => problems.length > 1,
      );
    }
    await setTimeout(5 * RELIST_INTERVAL_MS);
    for (const composite of composites) {
      const { units, problems } = await list(composite);
      expect(units.map(({ name }) => name)).to.have.members(['left', 'right']);
      // Its own and that of the other, however often they list each other: composites don't pass on what others tell of theirs.
      expect(problems.map(({ source }) => source)).to.deep.equal(['other', 'other: other']);
    }
  });
});
