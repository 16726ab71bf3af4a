import { expect } from 'chai';
import { SchedulingError } from '../../src/errors.js';
import { hostId } from '../support/world.js';
import { costs, createStage, discover, policyUnit, pretend, reply, scoring } from './stage.js';

const H1 = hostId(1);
const hang = () => new Promise<never>(() => undefined);

describe('runCostFunctions and directions', () => {
  const listings = ({ asked }: ReturnType<typeof pretend>) =>
    asked.filter(({ method }) => method === 'listPolicyUnits').length;

  it('lists units once, beside the first call, and not again for a minute', async () => {
    const service = scoring({ a: [90], b: [90] }, { directions: { b: 'LOWER_IS_BETTER' } });
    const stage = createStage(service);
    const rows = reply([
      [H1, 10, 'a'],
      [H1, 90, 'b'],
    ]);
    expect(await costs(stage, { a: 1, b: 1 }, [H1])).to.deep.equal(rows);
    expect(await costs(stage, { a: 1, b: 1 }, [H1])).to.deep.equal(rows);
    expect(listings(service)).to.equal(1);
    await stage.time.advance(60_000);
    expect(await costs(stage, { a: 1, b: 1 }, [H1])).to.deep.equal(rows);
    expect(listings(service)).to.equal(2);
  });

  it('learns from discover', async () => {
    const service = scoring({ a: [90] });
    const stage = createStage(service);
    await discover(stage);
    await costs(stage, { a: 1 }, [H1]);
    expect(listings(service)).to.equal(1);
  });

  it('does not wait for the list when the unknown unit has no values', async () => {
    const { scoreHosts } = scoring({});
    const stage = createStage(pretend({ scoreHosts, listPolicyUnits: hang }));
    expect(await costs(stage, { gone: 1 }, [H1])).to.deep.equal(
      reply([], { gone: "plugin not found: 'gone'" }, ['all cost functions failed']),
    );
  });

  it('does not wait for the list of a minute later, and asks for one only', async () => {
    const { scoreHosts, listPolicyUnits } = scoring({ a: [90] });
    let lists = 0;
    const stage = createStage(
      pretend({ scoreHosts, listPolicyUnits: (call) => (++lists > 1 ? hang() : listPolicyUnits(call)) }),
    );
    await costs(stage, { a: 1 }, [H1]);
    await stage.time.advance(60_000);
    for (let calls = 0; calls < 2; calls += 1) {
      expect(await costs(stage, { a: 1 }, [H1])).to.deep.equal(reply([[H1, 10, 'a']]));
    }
    expect(lists).to.equal(2);
  });

  it('fails the unit whose direction no list tells, since a guess would turn the order around', async () => {
    const { scoreHosts } = scoring({ a: [90], b: [90] });
    const listPolicyUnits = () =>
      Promise.resolve([policyUnit('a'), policyUnit('b', { direction: 'HIGHER_IS_BETTER' })]);
    expect(
      await costs(createStage(pretend({ scoreHosts, listPolicyUnits })), { a: 1, b: 1 }, [H1]),
    ).to.deep.equal(
      reply([[H1, 10, 'b']], {
        a: 'UNAVAILABLE: the service does not list this unit, so its values can not be read',
      }),
    );
  });

  it('fails the unit whose direction is unknown because the list failed, with the reason', async () => {
    const { scoreHosts } = scoring({ a: [90] });
    const listPolicyUnits = () => Promise.reject(new SchedulingError('UNAVAILABLE', 'no route'));
    expect(await costs(createStage(pretend({ scoreHosts, listPolicyUnits })), { a: 1 }, [H1])).to.deep.equal(
      reply([], { a: 'UNAVAILABLE: how to read its values is not known: no route' }, [
        'all cost functions failed',
      ]),
    );
  });

  it('lists again after values that break the direction: the unit has become one of raw costs', async () => {
    const { scoreHosts } = scoring({ a: [101] });
    let lists = 0;
    const listPolicyUnits = () =>
      Promise.resolve([policyUnit('a', { direction: ++lists > 1 ? 'LOWER_IS_BETTER' : 'HIGHER_IS_BETTER' })]);
    const stage = createStage(pretend({ scoreHosts, listPolicyUnits }));
    await costs(stage, { a: 1 }, [H1]);
    expect(await costs(stage, { a: 1 }, [H1])).to.deep.equal(reply([[H1, 101, 'a']]));
    expect(lists).to.equal(2);
  });
});
