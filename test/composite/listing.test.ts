import { expect } from 'chai';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Member } from '../../src/composite/member.js';
import { MAX_PROBLEM_BYTES, MAX_UNIT_BYTES } from '../../src/composite/registry.js';
import type { Registry } from '../../src/composite/registry-file.js';
import { createComposite, type Composite, type CompositeOptions } from '../../src/composite/service.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { expectRejection } from '../support/rejection.js';
import { unitList } from '../support/unit-list.js';
import { hostId, vmId } from '../support/world.js';
import { UNIT_LISTS } from '../domain/lying-answers.js';
import { settle } from '../inventory/fake-time.js';
import {
  failWith,
  hang,
  offered,
  scoreRequest,
  scripted,
  settingsOf,
  startStage,
  storeOf,
  type ScriptedService,
} from './stage.js';

const remote = (name: string, service: ScriptedService, options: Partial<Member> = {}): Member => ({
  name,
  service,
  remote: true,
  ...options,
});

const away = failWith('UNAVAILABLE', 'refused');

/** The names of all units, as an engine that starts gets them. */
async function names(composite: Composite, deadline = Infinity): Promise<readonly string[]> {
  return (await composite.listPolicyUnits(call({ deadline, atEngineStart: true }))).units.map(
    ({ name }) => name,
  );
}

describe('the listing of members', () => {
  it('begins with start, all at once, and the first round ends when each was listed or failed', async () => {
    const [alpha, beta, gamma] = [scripted('a'), scripted('b'), scripted('c')];
    beta.methods.listPolicyUnits = away;
    gamma.methods.listPolicyUnits = hang;
    const members = [remote('alpha', alpha), remote('beta', beta), remote('gamma', gamma)];
    const { composite, time, logged } = await startStage(members);
    let ended = false;
    void composite.firstListing.then(() => (ended = true));
    expect([alpha, beta, gamma].map((service) => service.count('listPolicyUnits'))).to.deep.equal([1, 1, 1]);
    await time.advance(4999);
    expect(ended).to.equal(false);
    await time.advance(1);
    expect(ended).to.equal(true);
    expect(logged('service listed')).to.deep.equal([
      { level: 'info', service: 'alpha', offered: 1, used: 1 },
    ]);
    expect(logged('service not listed')).to.deep.equal([
      { level: 'warn', service: 'beta', reason: 'UNAVAILABLE: refused' },
      { level: 'warn', service: 'gamma', reason: 'DEADLINE_EXCEEDED: no answer within 5000 ms' },
    ]);
    expect(composite.state()).to.deep.equal([
      { name: 'alpha', breaker: 'closed', listed: true, units: 1, unitsRemembered: 0 },
      { name: 'beta', breaker: 'open', listed: false, units: 0, unitsRemembered: 0 },
      { name: 'gamma', breaker: 'closed', listed: false, units: 0, unitsRemembered: 0 },
    ]);
  });

  it('tries a service that was never listed after 200, 400, ... 3200, 5000, 5000 ms', async () => {
    const again = scripted('a');
    again.methods.listPolicyUnits = away;
    const stage = await startStage([remote('again', again)], {
      settings: settingsOf({ breakerFailures: 100 }),
    });
    const began = stage.time.clock.now();
    const times: number[] = [];
    again.methods.listPolicyUnits = () => {
      times.push(stage.time.clock.now() - began);
      return away();
    };
    await stage.time.advance(17_000);
    expect(times).to.deep.equal([200, 600, 1400, 3000, 6200, 11_200, 16_200]);
  });

  it('hands on what its members could make no unit of, their names before it, and names those that were not listed', async () => {
    const [alpha, beta] = [scripted('a'), scripted('b')];
    const problems = [{ source: 'broken.py', reason: 'SyntaxError' }];
    alpha.methods.listPolicyUnits = () => Promise.resolve(unitList(alpha.units, { problems }));
    beta.methods.listPolicyUnits = away;
    const { composite } = await startStage([remote('alpha', alpha), remote('beta', beta)]);
    const listed = await composite.listPolicyUnits(call({ depth: 1 }));
    expect(listed.problems).to.deep.equal([
      { source: 'beta', reason: 'the service has not been listed yet: UNAVAILABLE: refused' },
      { source: 'alpha: broken.py', reason: 'SyntaxError' },
    ]);
    expect(alpha.count('listPolicyUnits')).to.equal(1);
  });

  it('lists every 30 s, one listing at a time', async () => {
    const alpha = scripted('a');
    const { time } = await startStage([remote('alpha', alpha)]);
    await time.advance(89_999);
    expect(alpha.count('listPolicyUnits')).to.equal(3);
    await time.advance(1);
    expect(alpha.count('listPolicyUnits')).to.equal(4);
  });

  it('lists again when the channel comes back, once more when the listing under way then fails', async () => {
    const alpha = scripted('a');
    let connected: () => void = () => undefined;
    const onConnected = (listener: () => void) => {
      connected = listener;
      return () => undefined;
    };
    const { time } = await startStage([remote('alpha', alpha, { onConnected })]);
    connected();
    await time.advance(0);
    expect(alpha.count('listPolicyUnits')).to.equal(2);
    alpha.methods.listPolicyUnits = hang;
    connected();
    await time.advance(0);
    connected();
    connected();
    expect(alpha.count('listPolicyUnits')).to.equal(3);
    delete alpha.methods.listPolicyUnits;
    await time.advance(5000);
    expect(alpha.count('listPolicyUnits')).to.equal(4);
  });

  it('says of a call for all units that nobody was listed so far, and not that all hosts score 0', async () => {
    const alpha = scripted('a');
    alpha.methods.listPolicyUnits = away;
    const { composite } = await startStage([remote('alpha', alpha)]);
    const outcome = await composite.scoreHosts(scoreRequest({ units: [] }), call()).then(
      () => undefined,
      (error: unknown) => SchedulingError.from(error),
    );
    expect(outcome?.code).to.equal('UNAVAILABLE');
    expect(outcome?.message).to.include('these services were never listed so far: alpha');
  });

  it('names a service whose last listing failed among the problems, and keeps its units', async () => {
    const alpha = scripted('a');
    const { composite, time } = await startStage([remote('alpha', alpha)]);
    alpha.methods.listPolicyUnits = failWith('INTERNAL', 'oops');
    await time.advance(30_000);
    const { units, problems } = await composite.listPolicyUnits(call());
    expect(units.map(({ name }) => name)).to.deep.equal(['a']);
    expect(problems).to.deep.equal([{ source: 'alpha', reason: 'its last listing failed: INTERNAL: oops' }]);
  });

  it('lets a service join, and change its units, while running', async () => {
    const [alpha, beta] = [scripted('a'), scripted('b')];
    beta.methods.listPolicyUnits = away;
    const { composite, time } = await startStage([remote('alpha', alpha), remote('beta', beta)]);
    const { unitResults } = await composite.scoreHosts(
      scoreRequest({ units: [{ name: 'b', weight: 1 }] }),
      call(),
    );
    expect(unitResults[0]?.failure).to.deep.equal({
      code: 'UNAVAILABLE',
      message:
        'no score unit named "b" is known, and these services were never listed so far: beta; try later',
    });
    delete beta.methods.listPolicyUnits;
    await time.advance(200);
    expect(await names(composite)).to.deep.equal(['a', 'b']);
    alpha.units = [offered('SCORE', 'new'), offered('SCORE', 'a')];
    await time.advance(30_000);
    expect(await names(composite)).to.deep.equal(['new', 'a', 'b']);
    const none = await composite.scoreHosts(scoreRequest({ units: [{ name: 'c', weight: 1 }] }), call());
    expect(none.unitResults[0]?.failure).to.deep.equal({
      code: 'NOT_FOUND',
      message: 'no score unit named "c"; this service has: new, a, b',
      notFound: 'UNIT',
    });
  });

  it('keeps a unit that is listed no longer, and warns once', async () => {
    const alpha = scripted('a', 'b');
    const { composite, time, logged } = await startStage([remote('alpha', alpha)]);
    alpha.units = [offered('SCORE', 'b')];
    await time.advance(90_000);
    expect(await names(composite)).to.deep.equal(['b', 'a']);
    expect(logged('unit no longer offered')).to.deep.equal([
      { level: 'warn', service: 'alpha', unit: 'SCORE/a' },
    ]);
    expect(composite.state()[0]).to.include({ units: 2, unitsRemembered: 1 });
  });

  for (const { title, units, taken = units.length, fault } of UNIT_LISTS) {
    it(`takes ${taken} of the ${units.length} units of a service that lists ${title}`, async () => {
      const alpha = scripted();
      alpha.units = units;
      const { composite, logged, time } = await startStage([remote('alpha', alpha)]);
      await time.advance(30_000);
      expect(composite.state()[0]).to.include({ listed: true, units: taken });
      const { source: unit, reason } = fault ?? {};
      expect(logged('unit left out')).to.deep.equal(
        fault === undefined ? [] : [{ level: 'warn', service: 'alpha', unit, reason }],
      );
      const listed = await composite.listPolicyUnits(call());
      expect(listed.problems).to.deep.equal(
        fault === undefined ? [] : [{ ...fault, source: `alpha: ${fault.source}` }],
      );
    });
  }

  it('counts what is offered and used, and warns once of entries that match nothing', async () => {
    const alpha = scripted('a', 'b', 'c');
    const { logged, time } = await startStage([
      remote('alpha', alpha, { units: ['a', 'bb'], renames: new Map([['aa', 'x']]) }),
      remote('beta', scripted('d'), { units: ['d'], renames: new Map([['d', 'e']]) }),
    ]);
    await time.advance(60_000);
    expect(logged('service listed')).to.deep.equal([
      { level: 'info', service: 'alpha', offered: 3, used: 1 },
      { level: 'info', service: 'beta', offered: 1, used: 1 },
    ]);
    const entries = { level: 'warn', service: 'alpha', units: ['bb'], rename: ['aa'] };
    expect(logged('configured units not offered')).to.deep.equal([entries]);
    alpha.units = [offered('SCORE', 'aa')];
    await time.advance(30_000);
    expect(logged('configured units not offered')).to.deep.equal([
      entries,
      { level: 'warn', service: 'alpha', units: ['a', 'bb'] },
    ]);
  });

  it('waits for no local service that fails, and lists it again', async () => {
    const engine = scripted('e');
    engine.methods.listPolicyUnits = failWith('INTERNAL', 'oops');
    const { composite, time } = await startStage([{ name: 'engine', service: engine, remote: false }]);
    delete engine.methods.listPolicyUnits;
    await time.advance(200);
    expect(await names(composite)).to.deep.equal(['e']);
    await time.advance(100_000);
    expect(engine.count('listPolicyUnits')).to.equal(2);
  });
});

describe('two services that offer one unit', () => {
  const reason =
    'not used: "alpha", which comes first, has the score unit "x" too; rename it for one of them (rename) or leave it out (units); or the services form a loop: then leave one of them out';
  const told = { level: 'error', unit: 'SCORE/x', kept: 'alpha', ignored: 'beta', reason };
  const problem = { source: 'beta: SCORE/x', reason };
  const problemsOf = async (composite: Composite) => (await composite.listPolicyUnits(call())).problems;
  const asks = async (composite: Composite, unit = 'x') =>
    composite.scoreHosts(scoreRequest({ units: [{ name: unit, weight: 1 }] }), call());

  it('are served by the first; the other is named in the log, once, and in the problems', async () => {
    const [alpha, beta] = [scripted('x'), scripted('x', 'b')];
    const { composite, logged, time } = await startStage([remote('alpha', alpha), remote('beta', beta)]);
    await composite.firstListing;
    await time.advance(60_000);
    expect(logged('unit offered twice')).to.deep.equal([told]);
    expect(await problemsOf(composite)).to.deep.equal([problem]);
    expect(await names(composite)).to.deep.equal(['x', 'b']);
    await asks(composite);
    expect([alpha.count('scoreHosts'), beta.count('scoreHosts')]).to.deep.equal([1, 0]);
  });

  const fine: readonly (readonly [title: string, alpha: ScriptedService, options: Partial<Member>])[] = [
    ['are fine when one is renamed', scripted('x'), { renames: new Map([['x', 'beta_x']]) }],
    ['are fine when one is left out', scripted('x'), { units: ['y'] }],
    ['are fine when they are of other types', scripted(offered('FILTER', 'x')), {}],
  ];
  for (const [title, alpha, options] of fine) {
    it(title, async () => {
      const { composite, logged } = await startStage([
        remote('alpha', alpha),
        remote('beta', scripted('x', 'y'), options),
      ]);
      expect(logged('unit offered twice')).to.deep.equal([]);
      expect(await problemsOf(composite)).to.deep.equal([]);
      expect(await names(composite)).to.include('y');
    });
  }

  it('are the first one’s as soon as it lists it, which is an error in the log, and told of again later', async () => {
    const [alpha, beta] = [scripted('a'), scripted('x')];
    const { composite, time, logged } = await startStage([remote('alpha', alpha), remote('beta', beta)]);
    for (const units of [['x'], ['a'], ['x']]) {
      alpha.units = units.map((name) => offered('SCORE', name));
      await time.advance(60_000);
    }
    expect(logged('unit changed its service')).to.deep.equal([
      { level: 'error', unit: 'SCORE/x', from: 'beta', to: 'alpha' },
      { level: 'error', unit: 'SCORE/x', from: 'alpha', to: 'beta' },
      { level: 'error', unit: 'SCORE/x', from: 'beta', to: 'alpha' },
    ]);
    expect(logged('unit offered twice')).to.deep.equal([told, told]);
    await asks(composite);
    expect([alpha.count('scoreHosts'), beta.count('scoreHosts')]).to.deep.equal([1, 0]);
  });

  it('stay the first one’s while it is down, also over a restart', async () => {
    const beta = scripted('x');
    const alpha = scripted();
    alpha.methods.listPolicyUnits = away;
    const store = storeOf({ alpha: [offered('SCORE', 'x')] });
    const { composite, logged } = await startStage([remote('alpha', alpha), remote('beta', beta)], { store });
    expect(logged('unit offered twice')).to.deep.equal([told]);
    await asks(composite);
    expect([alpha.count('scoreHosts'), beta.count('scoreHosts')]).to.deep.equal([1, 0]);
  });

  it('of one service, made one by renames, are the first of them', async () => {
    const renames = new Map([['y', 'x']]);
    const { composite, logged } = await startStage([remote('alpha', scripted('x', 'y'), { renames })]);
    expect(await problemsOf(composite)).to.deep.equal([
      {
        source: 'alpha: SCORE/y',
        reason:
          'not used: "x" of the same service is the score unit "x" here already; give one another name (rename) or leave it out (units)',
      },
    ]);
    expect(logged('unit offered twice')).to.have.length(1);
  });

  it('are no problem when the other yields to a service of this process, which is told once', async () => {
    const engine = { name: 'local', service: scripted('x'), remote: false };
    const plugins = remote('plugins', scripted('x', 'p'), { yields: true });
    const { composite, logged, time } = await startStage([engine, plugins]);
    await time.advance(60_000);
    expect(logged('unit not needed')).to.deep.equal([
      { level: 'info', unit: 'SCORE/x', kept: 'local', ignored: 'plugins' },
    ]);
    expect(logged('unit offered twice')).to.deep.equal([]);
    expect(await problemsOf(composite)).to.deep.equal([]);
    expect(await names(composite)).to.deep.equal(['x', 'p']);
  });

  it('are a problem when one that yields comes first', async () => {
    const plugins = remote('alpha', scripted('x'), { yields: true });
    const { composite } = await startStage([plugins, remote('beta', scripted('x'))]);
    expect(await problemsOf(composite)).to.deep.equal([problem]);
  });

  it('change no owner when a service of this process, which is not remembered, is listed at the start', async () => {
    const engine = { name: 'local', service: scripted('x'), remote: false };
    const store = storeOf({ alpha: [offered('SCORE', 'x')] });
    const { logged } = await startStage([engine, remote('alpha', scripted('a'))], { store });
    expect(logged('unit changed its service')).to.deep.equal([]);
  });
});

describe('a member that says that its units changed', () => {
  function following() {
    let tell: () => void = () => undefined;
    let listeners = 0;
    const onUnitsChanged = (listener: () => void) => {
      tell = listener;
      listeners += 1;
      return () => void (listeners -= 1);
    };
    return { onUnitsChanged, tell: () => tell(), listeners: () => listeners };
  }

  it('is listed at once, and once more when a listing is under way, which may be older', async () => {
    const alpha = scripted('a');
    const { onUnitsChanged, tell, listeners } = following();
    const { composite, time } = await startStage([remote('alpha', alpha, { onUnitsChanged })]);
    alpha.units = [offered('SCORE', 'a'), offered('SCORE', 'b')];
    tell();
    tell();
    await time.advance(0);
    expect(await names(composite)).to.deep.equal(['a', 'b']);
    // The last one is for the question.
    expect(alpha.count('listPolicyUnits')).to.equal(4);
    composite.close();
    expect([listeners(), time.pending()]).to.deep.equal([0, []]);
  });

  it('is waited for by a listing of all units that began before its own ended', async () => {
    const alpha = scripted('a');
    const { onUnitsChanged, tell } = following();
    const { composite } = await startStage([remote('alpha', alpha, { onUnitsChanged })]);
    alpha.units = [offered('SCORE', 'b')];
    tell();
    expect(await names(composite)).to.deep.equal(['b', 'a']);
  });

  it('is waited for while more units are on their way, within the budget', async () => {
    const alpha = scripted('a');
    const { onUnitsChanged, tell } = following();
    let isIncomplete = true;
    const member = remote('alpha', alpha, { onUnitsChanged, isIncomplete: () => isIncomplete });
    const { composite, time } = await startStage([member]);
    const early = names(composite, time.clock.now() + 1025);
    await time.advance(1000);
    expect(await early).to.deep.equal(['a']);
    const listing = names(composite);
    await time.advance(20_000);
    isIncomplete = false;
    alpha.units = [offered('SCORE', 'a'), offered('SCORE', 'b')];
    tell();
    expect(await listing).to.deep.equal(['a', 'b']);
  });
});

describe('services that change their units every second', () => {
  const SECOND = { settings: settingsOf({ relistInterval: 1000 }), throttled: true };
  const notDebug = ({ level }: { readonly level: string }) => level !== 'debug';
  const EVENTS = [
    'unit no longer offered',
    'unit changed its service',
    'unit offered twice',
    'unit left out',
  ];

  it('are told of once a minute each, and keep 1000 units and their share of the bytes', async () => {
    const alpha = scripted();
    let n = 0;
    alpha.methods.listPolicyUnits = () => {
      n += 1;
      const units = Array.from({ length: 475 }, (_, m) => offered('SCORE', `u${n}-${m}`));
      return Promise.resolve(unitList([...units, offered('SCORE', '')]));
    };
    const store = storeOf({});
    const { composite, logged, time } = await startStage([remote('alpha', alpha)], { ...SECOND, store });
    await time.advance(60_000);
    expect(await names(composite)).to.have.length(1000);
    expect(composite.state()[0]).to.include({ units: 1000, unitsRemembered: 525 });
    expect(JSON.stringify([...(store.saved.at(-1) ?? [])]).length).to.be.lessThan(MAX_UNIT_BYTES);
    expect(logged('unit no longer offered').filter(notDebug)).to.deep.equal([
      { level: 'warn', service: 'alpha', unit: 'SCORE/u1-0', more: 474 },
    ]);
    expect(logged('unit left out')).to.have.length(1);
    await time.advance(1000);
    expect(logged('unit no longer offered').filter(notDebug)[1]).to.include({ more: 474 });
  });

  it('and trade a unit, answer each call, and are told of once a minute each', async () => {
    const pair = [scripted('x', 'a'), scripted('b')] as const;
    const [alpha, beta] = pair;
    const members = [remote('alpha', alpha), remote('beta', beta)];
    const { composite, logged, time } = await startStage(members, SECOND);
    for (let second = 0; second < 120; second++) {
      const [owner, other] = second % 2 === 0 ? [beta, alpha] : [alpha, beta];
      owner.units = [offered('SCORE', 'x'), ...owner.units];
      other.units = other.units.filter(({ name }) => name !== 'x');
      await time.advance(1000);
      const asked = scoreRequest({ units: [{ name: 'x', weight: 1 }] });
      expect((await composite.scoreHosts(asked, call())).unitResults[0]?.failure).to.equal(undefined);
    }
    expect([alpha, beta].map((service) => service.count('scoreHosts'))).to.deep.equal([60, 60]);
    expect(await names(composite)).to.have.members(['x', 'a', 'b']);
    expect(composite.state().map(({ unitsRemembered }) => unitsRemembered)).to.have.members([0, 1]);
    for (const event of EVENTS) expect(logged(event).filter(notDebug).length, event).to.be.at.most(6);
    expect(logged('unit changed its service').filter(notDebug).length).to.be.within(2, 6);
  });

  it('in vain, are named in problems of at most 192 KiB, which count the rest', async () => {
    const units = Array.from({ length: 800 }, (_, n) => `u${n}-`.padEnd(50, 'x'));
    const { composite, logged } = await startStage([
      remote('alpha', scripted(...units)),
      remote('beta', scripted(...units)),
    ]);
    const { problems } = await composite.listPolicyUnits(call());
    const more = 801 - problems.length;
    expect(more).to.be.greaterThan(1);
    expect(problems.at(-1)).to.deep.equal({ source: 'problems', reason: `${more} more are not listed` });
    expect(problems.slice(0, -1).reduce((sum, one) => sum + JSON.stringify(one).length, 0)).to.be.within(
      MAX_PROBLEM_BYTES - 1000,
      MAX_PROBLEM_BYTES,
    );
    expect(logged('unit offered twice')).to.have.length(1);
    expect(logged('unit offered twice')[0]).to.include({ unit: `SCORE/${units[0]}`, more: 799 });
  });
});

describe('a listing of all units', () => {
  it('with a member that hangs, deaf to its signal, is answered in time by what is known, and names the member', async () => {
    const hanging = scripted('b');
    hanging.methods.listPolicyUnits = hang;
    const members = [remote('alpha', scripted('a')), remote('hanging', hanging)];
    const { composite, time } = await startStage(members);
    let answered = false;
    const deadline = time.clock.now() + 1000;
    const listing = composite.listPolicyUnits(call({ deadline })).finally(() => (answered = true));
    await time.advance(899);
    expect(answered).to.equal(false);
    await time.advance(1);
    const { units, problems } = await listing;
    expect(units.map(({ name }) => name)).to.deep.equal(['a']);
    expect(problems).to.deep.equal([
      { source: 'hanging', reason: 'the service has not been listed yet: it has not answered so far' },
    ]);
    await time.advance(5000);
    const nested = await composite.listPolicyUnits(call({ depth: 1 }));
    expect(nested.problems).to.deep.equal([
      {
        source: 'hanging',
        reason: 'the service has not been listed yet: DEADLINE_EXCEEDED: no answer within 5000 ms',
      },
    ]);
  });

  it('with a member that hangs since it was listed is answered after 1 s', async () => {
    const hanging = scripted('b');
    const { composite, time } = await startStage([remote('hanging', hanging)]);
    hanging.methods.listPolicyUnits = hang;
    await time.advance(30_000);
    const listing = composite.listPolicyUnits(call());
    await time.advance(1000);
    const { units, problems } = await listing;
    expect([units.length, problems]).to.deep.equal([1, []]);
  });

  it('asks no member, however many composites lie between', async () => {
    const service = scripted('a');
    const inner = await startStage([remote('service', service)]);
    const middle = await startStage([{ name: 'inner', service: inner.composite, remote: true }]);
    const outer = await startStage([{ name: 'middle', service: middle.composite, remote: true }]);
    for (let n = 0; n < 5; n++) expect(await names(outer.composite)).to.deep.equal(['a']);
    expect(service.count('listPolicyUnits')).to.equal(1);
  });

  it('has what has joined a service since it was listed, with no time passing', async () => {
    const alpha = scripted('a');
    const { composite } = await startStage([remote('alpha', alpha)]);
    alpha.units = [offered('SCORE', 'a'), offered('SCORE', 'b')];
    expect(await names(composite)).to.deep.equal(['a', 'b']);
  });

  it('waits for a service that says that more units are on their way, and is incomplete when its time ends before', async () => {
    const alpha = scripted('a');
    alpha.methods.listPolicyUnits = () => Promise.resolve(unitList(alpha.units, { isIncomplete: true }));
    const { composite, time } = await startStage([remote('alpha', alpha)]);
    const early = composite.listPolicyUnits(call({ deadline: time.clock.now() + 1025 }));
    await time.advance(1000);
    expect((await early).isIncomplete).to.equal(true);
    const listing = composite.listPolicyUnits(call());
    await time.advance(5000);
    alpha.units = [offered('SCORE', 'a'), offered('SCORE', 'b')];
    alpha.methods.listPolicyUnits = () => Promise.resolve(unitList(alpha.units));
    await time.advance(500);
    const { units, isIncomplete } = await listing;
    expect([units.map(({ name }) => name), isIncomplete]).to.deep.equal([['a', 'b'], false]);
  });

  it('says that there is an inventory when some member says so', async () => {
    const alpha = scripted('a');
    const { composite, time } = await startStage([remote('alpha', alpha)]);
    expect((await composite.listPolicyUnits(call())).hasInventory).to.equal(false);
    alpha.methods.listPolicyUnits = () => Promise.resolve(unitList(alpha.units, { hasInventory: true }));
    await time.advance(30_000);
    expect((await composite.listPolicyUnits(call())).hasInventory).to.equal(true);
  });

  async function withAway(options: Partial<CompositeOptions> = {}) {
    const beta = scripted('b');
    beta.methods.listPolicyUnits = away;
    const members = [remote('alpha', scripted('a')), remote('beta', beta)];
    return { beta, ...(await startStage(members, options)) };
  }

  it('waits for a service of which nothing is known', async () => {
    const { composite, beta, time, logged } = await withAway();
    const listing = names(composite);
    await time.advance(1000);
    delete beta.methods.listPolicyUnits;
    await time.advance(1000);
    expect(await listing).to.deep.equal(['a', 'b']);
    expect(logged('units missing from a listing')).to.deep.equal([]);
  });

  const ends: readonly (readonly [title: string, deadline: number, waits: number])[] = [
    ['up to 30 s', Infinity, 30_000],
    ['until a tenth of the time is left: 2000 - 200', 2000, 1800],
    ['until 1 s is left of the time: 20,000 - 1000', 20_000, 19_000],
  ];
  for (const [title, deadline, waits] of ends) {
    it(`waits ${title}, then answers with what there is and logs what is missing`, async () => {
      const { composite, time, logged } = await withAway();
      let answered = false;
      const listing = names(composite, time.clock.now() + deadline).finally(() => (answered = true));
      await time.advance(waits - 1);
      expect(answered).to.equal(false);
      await time.advance(1);
      expect(await listing).to.deep.equal(['a']);
      expect(logged('units missing from a listing')).to.deep.equal([
        {
          level: 'error',
          requestId: 'test',
          services: ['beta'],
          consequence: 'an engine keeps the units of these services disabled until its next restart',
        },
      ]);
    });
  }

  it('does not wait for a service that failed when no engine starts: the problems name it', async () => {
    const { composite, time, logged } = await withAway();
    const before = time.pending();
    const { units, problems } = await composite.listPolicyUnits(call());
    expect(units.map(({ name }) => name)).to.deep.equal(['a']);
    expect(problems.map(({ source }) => source)).to.deep.equal(['beta']);
    expect(time.pending()).to.deep.equal(before);
    expect(logged('units missing from a listing')).to.deep.equal([]);
  });

  it('does not wait when another composite asks, which then says nothing of what is missing', async () => {
    const { composite, time, logged } = await withAway();
    const before = time.pending();
    const { units } = await composite.listPolicyUnits(call({ depth: 1, deadline: time.clock.now() + 5000 }));
    expect(units.map(({ name }) => name)).to.deep.equal(['a']);
    expect(time.pending()).to.deep.equal(before);
    expect(logged('units missing from a listing')).to.deep.equal([]);
  });

  const patience: readonly (readonly [deadline: number, discoverBudget: number, lines: number])[] = [
    [999, 30_000, 0],
    [1000, 30_000, 1],
    [499, 500, 0],
    [500, 500, 1],
  ];
  for (const [deadline, discoverBudget, lines] of patience) {
    it(`logs ${lines} errors when the caller has ${deadline} ms, and ${discoverBudget} ms may be waited`, async () => {
      const { composite, time, logged } = await withAway({ settings: settingsOf({ discoverBudget }) });
      const listing = names(composite, time.clock.now() + deadline);
      await time.advance(deadline);
      expect(await listing).to.deep.equal(['a']);
      expect(logged('units missing from a listing')).to.have.length(lines);
    });
  }

  it('logs once as long as the same services are missing, and anew when these change', async () => {
    const [beta, gamma] = [scripted('b'), scripted('c')];
    for (const service of [beta, gamma]) service.methods.listPolicyUnits = away;
    const { composite, time, logged } = await startStage([remote('beta', beta), remote('gamma', gamma)]);
    const list = async () => {
      const listings = [names(composite), names(composite)];
      await time.advance(30_000);
      await Promise.all(listings);
    };
    await list();
    await list();
    delete beta.methods.listPolicyUnits;
    await time.advance(5000);
    await list();
    await list();
    expect(logged('units missing from a listing').map(({ services }) => services)).to.deep.equal([
      ['beta', 'gamma'],
      ['gamma'],
    ]);
  });

  it('leaves nothing in memory when it waited in vain or its caller left', async () => {
    setFlagsFromString('--expose-gc');
    const { composite, time } = await withAway();
    const calls: WeakRef<AbortSignal>[] = [];
    const list = async () => {
      const controller = new AbortController();
      calls.push(new WeakRef(controller.signal));
      const listing = composite.listPolicyUnits(
        call({ signal: controller.signal, deadline: time.clock.now() + 50 }),
      );
      if (calls.length % 2 === 0) controller.abort();
      else await time.advance(25);
      await listing.catch(() => undefined);
    };
    for (let n = 0; n < 20; n++) await list();
    await settle();
    runInNewContext('gc()');
    expect(calls.filter((signal) => signal.deref() !== undefined)).to.deep.equal([]);
  });

  it('ends when the composite is closed', async () => {
    const { composite, logged } = await withAway();
    const listing = names(composite);
    composite.close();
    expect(await listing).to.deep.equal(['a']);
    expect(logged('units missing from a listing')).to.deep.equal([]);
  });

  it('ends when the caller leaves', async () => {
    const { composite } = await withAway();
    const controller = new AbortController();
    const listing = composite.listPolicyUnits(call({ signal: controller.signal }));
    controller.abort();
    await expectRejection(listing, 'CANCELLED');
  });

  it('does not wait for a service that was listed and is away now', async () => {
    const { composite, beta, time } = await withAway();
    delete beta.methods.listPolicyUnits;
    await time.advance(200);
    beta.methods.listPolicyUnits = away;
    await time.advance(60_000);
    expect(await names(composite)).to.deep.equal(['a', 'b']);
  });
});

describe('what is remembered', () => {
  const local = (service: ScriptedService): Member => ({ name: 'engine', service, remote: false });
  const shown = (registry: Registry | undefined) =>
    Object.fromEntries(
      [...(registry ?? [])].map(([name, { units }]) => [name, units.map(({ name }) => name)]),
    );

  /** A store that begins with what another one saved last. */
  const after = ({ saved }: ReturnType<typeof storeOf>) => ({
    ...storeOf({}),
    remembered: saved.at(-1) ?? new Map<string, never>(),
  });

  it('lists everything at once after a restart with a service down, and tells why its units fail', async () => {
    const renames = new Map([['b', 'b_here']]);
    const store = storeOf({});
    const first = await startStage(
      [remote('alpha', scripted('a')), remote('beta', scripted('b'), { renames }), local(scripted('e'))],
      { store },
    );
    expect(shown(store.saved.at(-1))).to.deep.equal({ alpha: ['a'], beta: ['b'] });
    first.composite.close();

    const down = scripted();
    down.methods.listPolicyUnits = away;
    down.methods.scoreHosts = away;
    const members = [remote('alpha', scripted('a')), remote('beta', down, { renames }), local(scripted('e'))];
    const { composite } = await startStage(members, { store: after(store) });
    expect(await names(composite)).to.deep.equal(['a', 'b_here', 'e']);
    const { unitResults } = await composite.scoreHosts(scoreRequest(), call());
    expect(unitResults.map(({ unit, failure }) => [unit, failure?.message])).to.deep.equal([
      ['a', undefined],
      ['b_here', 'beta: refused'],
      ['e', undefined],
    ]);
    expect(composite.state()[1]).to.include({ listed: false, units: 1, unitsRemembered: 1 });
    expect(composite.available()).to.equal(true);
  });

  it('is there before the first listing, and before start', async () => {
    const store = storeOf({ alpha: [offered('SCORE', 'a')] });
    const members = [remote('alpha', scripted('a'))];
    const composite = createComposite({ members, store, settings: settingsOf(), log: memoryLog() });
    expect(await names(composite)).to.deep.equal(['a']);
    composite.close();
  });

  it('keeps a unit that its service has lost for 7 days, over restarts', async () => {
    const store = storeOf({});
    const alpha = scripted('a', 'b');
    const first = await startStage([remote('alpha', alpha)], { store });
    alpha.units = [offered('SCORE', 'b')];
    await first.time.advance(30_000);
    first.composite.close();
    const { composite, time } = await startStage([remote('alpha', alpha)], { store: after(store) });
    expect(await names(composite)).to.deep.equal(['b', 'a']);
    expect(composite.state()[0]).to.include({ units: 2, unitsRemembered: 1 });
    await time.advance(7 * 24 * 60 * 60 * 1000 - 1);
    expect(await names(composite)).to.deep.equal(['b', 'a']);
    await time.advance(60_000);
    expect(await names(composite)).to.deep.equal(['b']);
  });

  it('serves no units of services that are no longer configured, and keeps them', async () => {
    const store = storeOf({ beta: [offered('SCORE', 'b')] });
    const { composite } = await startStage([remote('alpha', scripted('a'))], { store });
    expect(await names(composite)).to.deep.equal(['a']);
    expect(shown(store.saved.at(-1))).to.deep.equal({ alpha: ['a'], beta: ['b'] });
  });

  it('is saved when it changed, and not at each listing', async () => {
    const store = storeOf({});
    const alpha = scripted('a');
    const { time } = await startStage([remote('alpha', alpha), local(scripted('e'))], { store });
    await time.advance(300_000);
    expect(store.saved).to.have.length(1);
    alpha.units = [offered('SCORE', 'a', 'LOWER_IS_BETTER')];
    await time.advance(300_000);
    expect(store.saved).to.have.length(2);
  });

  it('holds nothing of a service that listed no units, which may only have been starting: a listing waits for it', async () => {
    const alpha = scripted('a');
    alpha.methods.listPolicyUnits = away;
    const { composite, time } = await startStage([remote('alpha', alpha)], { store: storeOf({ alpha: [] }) });
    const listing = names(composite);
    await time.advance(1000);
    delete alpha.methods.listPolicyUnits;
    await time.advance(1000);
    expect(await listing).to.deep.equal(['a']);
  });

  it('has all units of a type: none of filters when only a score unit is remembered of a service that is down', async () => {
    const down = scripted();
    down.methods.listPolicyUnits = away;
    const { composite } = await startStage([remote('alpha', down)], {
      store: storeOf({ alpha: [offered('SCORE', 'a')] }),
    });
    const request = { vmId: vmId(1), hosts: [hostId(1)], units: [], properties: new Map<string, string>() };
    const { hostIds } = await composite.filterHosts(request, call());
    expect(hostIds).to.deep.equal([hostId(1)]);
  });

  it('can be edited while running', async () => {
    const store = storeOf({ alpha: [offered('SCORE', 'a'), offered('SCORE', 'old')] });
    const down = scripted();
    down.methods.listPolicyUnits = away;
    const { composite } = await startStage([remote('alpha', down), remote('beta', scripted('b'))], { store });
    const listed: boolean[] = [];
    composite.edit((registry, listedNow) => {
      listed.push(listedNow('alpha', offered('SCORE', 'old')), listedNow('beta', offered('SCORE', 'b')));
      return new Map(registry).set('alpha', { listedAt: 0, units: [offered('SCORE', 'a')], gone: [] });
    });
    expect(listed).to.deep.equal([false, true]);
    expect(await names(composite)).to.deep.equal(['a', 'b']);
    expect(shown(store.saved.at(-1))).to.deep.equal({ alpha: ['a'], beta: ['b'] });
  });

  it('is a problem when it is not kept', async () => {
    const problem = { source: 'state.dir', reason: 'another process owns it' };
    const store = { ...storeOf({}), problems: () => [problem] };
    const { composite } = await startStage([remote('alpha', scripted('a'))], { store });
    expect((await composite.listPolicyUnits(call())).problems).to.deep.equal([problem]);
  });
});
