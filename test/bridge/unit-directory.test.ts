import { expect } from 'chai';
import { SchedulingError } from '../../src/domain/errors.js';
import { settle } from '../inventory/fake-time.js';
import { hostId, vmId } from '../support/world.js';
import {
  costs,
  createStage,
  discover,
  filtering,
  filters,
  plain,
  policyUnit,
  pretend,
  reply,
  scoring,
  type Stage,
} from './stage.js';
import { unitList } from '../support/unit-list.js';

const H1 = hostId(1);
const hang = () => new Promise<never>(() => undefined);

describe('the directory of units', () => {
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
      Promise.resolve(unitList([policyUnit('a'), policyUnit('b', { direction: 'HIGHER_IS_BETTER' })]));
    expect(
      await costs(createStage(pretend({ scoreHosts, listPolicyUnits })), { a: 1, b: 1 }, [H1]),
    ).to.deep.equal(
      reply([[H1, 10, 'b']], {
        a: 'UNAVAILABLE: how to read its values is not known: the service does not list this unit',
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
      Promise.resolve(
        unitList([policyUnit('a', { direction: ++lists > 1 ? 'LOWER_IS_BETTER' : 'HIGHER_IS_BETTER' })]),
      );
    const stage = createStage(pretend({ scoreHosts, listPolicyUnits }));
    await costs(stage, { a: 1 }, [H1]);
    await stage.time.advance(1000);
    expect(await costs(stage, { a: 1 }, [H1])).to.deep.equal(reply([[H1, 101, 'a']]));
    expect(lists).to.equal(2);
  });

  it('warm, makes the first call find what it needs: no listing beside it', async () => {
    const service = scoring({ a: [90] });
    const stage = createStage(service);
    stage.warm();
    await settle();
    expect(await costs(stage, { a: 1 }, [H1])).to.deep.equal(reply([[H1, 10, 'a']]));
    expect(listings(service)).to.equal(1);
  });

  const LATE =
    'DEADLINE_EXCEEDED: how to read its values is not known: the service did not list its units within 100 ms';

  it('lets a call wait 100 ms for a list, and no longer: the others count, and the call does not fail', async () => {
    const { scoreHosts } = scoring({ a: [90], b: [80] });
    let lists = 0;
    const listed = [policyUnit('a', { direction: 'HIGHER_IS_BETTER' })];
    const service = pretend({
      scoreHosts,
      listPolicyUnits: () => (++lists > 1 ? hang() : Promise.resolve(unitList(listed))),
    });
    const stage = createStage(service);
    stage.warm();
    await stage.time.advance(1000);
    const answer = costs(stage, { a: 1, b: 1 }, [H1]);
    await stage.time.advance(99);
    expect(stage.ends).to.deep.equal([]);
    await stage.time.advance(1);
    expect(await answer).to.deep.equal(
      reply([[H1, 10, 'a']], {
        b: LATE,
      }),
    );
    expect(stage.ends).to.deep.equal([
      { method: 'runCostFunctions', seconds: 0.1, outcome: 'partial', code: 'DEADLINE_EXCEEDED' },
    ]);
    const asked = service.asked.filter(({ method }) => method === 'listPolicyUnits');
    expect(asked.map(({ call }) => call.signal.aborted)).to.deep.equal([false, true]);
    expect(stage.time.pending()).to.deep.equal([]);
  });

  it('lets a call wait no longer than until its deadline: 950 ms of 1000, of which 60 are left', async () => {
    const { scoreHosts } = scoring({ a: [90] });
    const stage = createStage(pretend({ scoreHosts, listPolicyUnits: hang }));
    const receivedAt = stage.time.clock.now() - 890;
    const request = { signal: new AbortController().signal, receivedAt };
    const params = [[['a', 1]], [H1], vmId(1), null];
    const answer = stage.dispatch('runCostFunctions', params, request);
    await stage.time.advance(60);
    expect(plain(await answer)).to.deep.equal(reply([], { a: LATE }, ['all cost functions failed']));
    await stage.time.advance(40);
    expect(stage.time.pending()).to.deep.equal([]);
  });

  it('gives a list that was late twice the time, without a call waiting for it: heard after 100 + 150 ms', async () => {
    const { scoreHosts, listPolicyUnits } = scoring({ a: [90] });
    const slow = pretend({
      scoreHosts,
      listPolicyUnits: (call) =>
        new Promise((resolve) => stage.time.after(150, () => resolve(listPolicyUnits(call)))),
    });
    const stage: Stage = createStage(slow);
    const first = costs(stage, { a: 1 }, [H1]);
    await stage.time.advance(100);
    await first;
    await stage.time.advance(1000);
    const second = costs(stage, { a: 1 }, [H1]);
    await stage.time.advance(100);
    expect(await second).to.deep.equal(reply([], { a: LATE }, ['all cost functions failed']));
    await stage.time.advance(50);
    expect(await costs(stage, { a: 1 }, [H1])).to.deep.equal(reply([[H1, 10, 'a']]));
  });

  it('asks for a list at most once a second for the sake of a unit that none has', async () => {
    const { scoreHosts } = scoring({ a: [90] });
    const service = pretend({ scoreHosts, listPolicyUnits: () => Promise.resolve(unitList([])) });
    const stage = createStage(service);
    const calls = (count: number) =>
      Promise.all(Array.from({ length: count }, () => costs(stage, { a: 1 }, [H1])));
    await calls(3);
    await calls(3);
    expect(listings(service)).to.equal(1);
    await stage.time.advance(999);
    await calls(1);
    expect(listings(service)).to.equal(1);
    await stage.time.advance(1);
    await calls(3);
    expect(listings(service)).to.equal(2);
  });

  it('asks at once for the sake of a unit that answers for the first time, however fresh the last list is', async () => {
    const { scoreHosts, listPolicyUnits } = scoring({ a: [90] });
    let lists = 0;
    const service = pretend({
      scoreHosts,
      listPolicyUnits: (call) => (++lists === 1 ? Promise.resolve(unitList([])) : listPolicyUnits(call)),
    });
    const stage = createStage(service);
    stage.warm();
    await settle();
    expect(await costs(stage, { a: 1, gone: 1 }, [H1])).to.deep.equal(
      reply([[H1, 10, 'a']], { gone: "plugin not found: 'gone'" }),
    );
    await costs(stage, { a: 1, gone: 1 }, [H1]);
    expect(lists).to.equal(2);
  });

  it('asks again when the list under way began before the unit was there', async () => {
    const { scoreHosts, listPolicyUnits } = scoring({ a: [90] });
    let lists = 0;
    const service = pretend({
      scoreHosts,
      listPolicyUnits: (call) =>
        ++lists === 1
          ? new Promise((resolve) => stage.time.after(75, () => resolve(unitList([]))))
          : listPolicyUnits(call),
    });
    const stage: Stage = createStage(service);
    stage.warm();
    const answer = costs(stage, { a: 1 }, [H1]);
    await stage.time.advance(75);
    expect(await answer).to.deep.equal(reply([[H1, 10, 'a']]));
    expect(lists).to.equal(2);
  });

  it('waits once for a unit that a hanging list keeps unknown, and not in each call', async () => {
    const { scoreHosts } = scoring({ a: [90] });
    const stage = createStage(pretend({ scoreHosts, listPolicyUnits: hang }));
    const first = costs(stage, { a: 1 }, [H1]);
    await stage.time.advance(100);
    await first;
    for (let calls = 0; calls < 3; calls += 1) await costs(stage, { a: 1 }, [H1]);
    expect(stage.ends.map(({ seconds }) => seconds)).to.deep.equal([0.1, 0, 0, 0]);
  });

  it('asks again when the clock was set back', async () => {
    const service = scoring({ a: [90] });
    const stage = createStage(service);
    await costs(stage, { a: 1 }, [H1]);
    stage.time.set(stage.time.clock.now() - 3_600_000);
    await costs(stage, { a: 1 }, [H1]);
    expect(listings(service)).to.equal(2);
  });

  it('has one listing at a time, which all calls wait for', async () => {
    const { scoreHosts, listPolicyUnits } = scoring({ a: [90] });
    const waiting: (() => void)[] = [];
    const service = pretend({
      scoreHosts,
      listPolicyUnits: (call) => new Promise((resolve) => waiting.push(() => resolve(listPolicyUnits(call)))),
    });
    const stage = createStage(service);
    stage.warm();
    stage.warm();
    const answers = Promise.all([costs(stage, { a: 1 }, [H1]), costs(stage, { a: 1 }, [H1])]);
    await settle();
    expect(waiting).to.have.lengthOf(1);
    waiting[0]?.();
    expect(await answers).to.deep.equal([reply([[H1, 10, 'a']]), reply([[H1, 10, 'a']])]);
  });

  const told: readonly (readonly [title: string, message: string, text: string])[] = [
    ['words that name neither the unit nor the VM', 'no such VM', 'NOT_FOUND: no such VM'],
    ['words with a part of a word like the unit', 'no VM for gone-by', 'NOT_FOUND: no VM for gone-by'],
    ['words that name the unit', 'unit gone is not here', "plugin not found: 'gone'"],
    ['words that name the unit in quotes', "there is no 'gone'", "plugin not found: 'gone'"],
    ['words that name both', `gone: no VM ${vmId(1)}`, `NOT_FOUND: gone: no VM ${vmId(1)}`],
  ];
  for (const [title, message, text] of told) {
    it(`passes NOT_FOUND of a unit that is listed on by its words: ${title}`, async () => {
      const failure = { code: 'NOT_FOUND', message } as const;
      const stage = createStage(scoring({ gone: failure }));
      stage.warm();
      await settle();
      expect(await costs(stage, { gone: 1 }, [H1])).to.deep.equal(
        reply([], { gone: text }, ['all cost functions failed']),
      );
    });
  }

  it('knows units by type and name: a filter of the name of a score unit is not found', async () => {
    const failure = { code: 'NOT_FOUND', message: 'no such VM' } as const;
    const { filterHosts } = filtering({ a: failure, b: failure });
    const listed = [policyUnit('a'), policyUnit('b', { type: 'FILTER' })];
    const stage = createStage(
      pretend({ filterHosts, listPolicyUnits: () => Promise.resolve(unitList(listed)) }),
    );
    stage.warm();
    await settle();
    expect(await filters(stage, ['a', 'b'], [H1])).to.deep.equal(
      reply([H1], { a: "plugin not found: 'a'", b: 'NOT_FOUND: no such VM' }, ['all filters failed']),
    );
  });
});
