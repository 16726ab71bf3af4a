import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openCatalogueFile } from '../../src/composite/catalogue-file.js';
import { forgetUnits } from '../../src/composite/forget-units.js';
import type { Member } from '../../src/composite/member.js';
import { readCatalogue } from '../../src/composite/read-catalogue.js';
import { createComposite, type Composite, type CompositeOptions } from '../../src/composite/service.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { expectRejection } from '../support/rejection.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { unitList } from '../support/unit-list.js';
import { until } from '../support/until.js';
import { settle } from '../inventory/fake-time.js';
import {
  failWith,
  hang,
  offered,
  scoreRequest,
  scripted,
  startStage,
  type ScriptedService,
} from './stage.js';

const remote = (name: string, service: ScriptedService, options: Partial<Member> = {}): Member => ({
  name,
  service,
  remote: true,
  ...options,
});

const away = failWith('UNAVAILABLE', 'refused');

async function names(composite: Composite, deadline = Infinity): Promise<readonly string[]> {
  return (await composite.listPolicyUnits(call({ deadline }))).units.map(({ name }) => name);
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
    const stage = await startStage([remote('again', again)], { limits: { breakerFailures: 100 } });
    const began = stage.time.clock.now();
    const times: number[] = [];
    again.methods.listPolicyUnits = () => {
      times.push(stage.time.clock.now() - began);
      return away();
    };
    await stage.time.advance(17_000);
    expect(times).to.deep.equal([200, 600, 1400, 3000, 6200, 11_200, 16_200]);
  });

  it('hands on what its members could make no unit of, their names before it', async () => {
    const [alpha, beta] = [scripted('a'), scripted('b')];
    const problems = [{ source: 'broken.py', reason: 'SyntaxError' }];
    alpha.methods.listPolicyUnits = () => Promise.resolve(unitList(alpha.units, { problems }));
    beta.methods.listPolicyUnits = away;
    const { composite } = await startStage([remote('alpha', alpha), remote('beta', beta)]);
    const listed = await composite.listPolicyUnits(call({ depth: 1 }));
    expect(listed.problems).to.deep.equal([{ source: 'alpha: broken.py', reason: 'SyntaxError' }]);
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

  const wrong: readonly (readonly [title: string, units: readonly unknown[], reason: string])[] = [
    [
      'a unit without a name',
      [{ ...offered('SCORE', 'x'), name: '' }],
      'units[0.name]: expected a name, got ""',
    ],
    ['a name of 129 characters', [offered('SCORE', 'x'.repeat(129))], 'at most 128 characters'],
    [
      'a score unit without a direction',
      [{ ...offered('FILTER', 'x'), type: 'SCORE' }],
      'units[0.direction]',
    ],
    ['an unknown type', [{ ...offered('FILTER', 'x'), type: 'MAGIC' }], 'units[0.type]'],
    ['a unit twice', [offered('FILTER', 'x'), offered('FILTER', 'x')], 'FILTER/x is listed twice'],
    [
      'too many units',
      Array.from({ length: 1001 }, (_, n) => offered('FILTER', `x${n}`)),
      '1001 units, at most 1000',
    ],
  ];
  for (const [title, units, reason] of wrong) {
    it(`takes nothing of a service that lists ${title}`, async () => {
      const alpha = scripted('a');
      Object.assign(alpha, { units });
      const { composite, logged } = await startStage([remote('alpha', alpha), remote('beta', scripted('b'))]);
      expect(composite.state().map(({ units }) => units)).to.deep.equal([0, 1]);
      expect(logged('service not listed')[0]?.['reason'])
        .to.include(reason)
        .and.match(/^INTERNAL: /);
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
  const text =
    'services "alpha" and "beta" both offer the score unit "x"; rename it for one of them (rename), leave it out (units), or, when its service has it no longer, forget it (hostscore catalogue forget); or the services form a loop: then leave one of them out';

  it('reject the first listing, naming both, the unit and the remedy', async () => {
    const { composite, logged } = await startStage([
      remote('alpha', scripted('x')),
      remote('beta', scripted('x')),
    ]);
    expect((await expectRejection(composite.firstListing, 'INVALID_ARGUMENT')).message).to.equal(text);
    expect(logged('unit offered twice')).to.deep.equal([
      { level: 'error', unit: 'SCORE/x', kept: 'alpha', ignored: 'beta', reason: text },
    ]);
  });

  const fine: readonly (readonly [title: string, alpha: ScriptedService, options: Partial<Member>])[] = [
    ['are fine when one is renamed', scripted('x'), { renames: new Map([['x', 'beta_x']]) }],
    ['are fine when one is left out', scripted('x'), { units: ['y'] }],
    ['are fine when they are of other types', scripted(offered('FILTER', 'x')), {}],
  ];
  for (const [title, alpha, options] of fine) {
    it(title, async () => {
      const { composite } = await startStage([
        remote('alpha', alpha),
        remote('beta', scripted('x', 'y'), options),
      ]);
      await composite.firstListing;
      expect(await names(composite)).to.include('y');
    });
  }

  it('later are told of as an error, and the first one keeps it until the other renames', async () => {
    const [alpha, beta] = [scripted('a'), scripted('x')];
    const { composite, time, logged } = await startStage([remote('alpha', alpha), remote('beta', beta)]);
    await composite.firstListing;
    alpha.units = [offered('SCORE', 'x')];
    await time.advance(60_000);
    expect(logged('unit offered twice')).to.deep.equal([
      {
        level: 'error',
        unit: 'SCORE/x',
        kept: 'beta',
        ignored: 'alpha',
        reason: text.replace('"alpha" and "beta"', '"beta" and "alpha"'),
      },
    ]);
    await composite.scoreHosts(scoreRequest({ units: [{ name: 'x', weight: 1 }] }), call());
    expect([alpha.count('scoreHosts'), beta.count('scoreHosts')]).to.deep.equal([0, 1]);
  });
});

describe('a unit that moves from one service to another', () => {
  it('is asked for there, and told of once', async () => {
    const [alpha, beta] = [scripted('a', 'x'), scripted('b')];
    const { composite, time, logged } = await startStage([remote('alpha', alpha), remote('beta', beta)]);
    alpha.units = [offered('SCORE', 'a')];
    await time.advance(30_000);
    beta.units = [offered('SCORE', 'x')];
    await time.advance(60_000);
    expect(logged('unit moved')).to.deep.equal([
      { level: 'info', unit: 'SCORE/x', from: 'alpha', to: 'beta' },
    ]);
    expect(logged('unit offered twice')).to.deep.equal([]);
    await composite.scoreHosts(scoreRequest({ units: [{ name: 'x', weight: 1 }] }), call());
    expect([alpha.count('scoreHosts'), beta.count('scoreHosts')]).to.deep.equal([0, 1]);
  });
});

describe('a listing of all units', () => {
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
    ['up to 25 ms before the deadline: 2000 - 25', 2000, 1975],
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

  it('does not wait when another composite asks, which then says nothing of what is missing', async () => {
    const { composite, time, logged } = await withAway();
    const before = time.pending();
    const { units } = await composite.listPolicyUnits(call({ depth: 1, deadline: time.clock.now() + 5000 }));
    expect(units.map(({ name }) => name)).to.deep.equal(['a']);
    expect(time.pending()).to.deep.equal(before);
    expect(logged('units missing from a listing')).to.deep.equal([]);
  });

  const patience: readonly (readonly [deadline: number, discoverBudgetMs: number, lines: number])[] = [
    [999, 30_000, 0],
    [1000, 30_000, 1],
    [499, 500, 0],
    [500, 500, 1],
  ];
  for (const [deadline, discoverBudgetMs, lines] of patience) {
    it(`logs ${lines} errors when the caller has ${deadline} ms, and ${discoverBudgetMs} ms may be waited`, async () => {
      const { composite, time, logged } = await withAway({ limits: { discoverBudgetMs } });
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
    await composite.close();
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

describe('a catalogue on disk', () => {
  let folder: TemporaryFolder;
  let path: string;
  const composites: Composite[] = [];
  beforeEach(() => {
    folder = temporaryFolder();
    path = join(folder.path, 'catalogue.json');
  });
  afterEach(async () => {
    for (const composite of composites.splice(0)) await composite.close();
    folder.remove();
  });

  async function start(members: readonly Member[]) {
    const log = memoryLog();
    const catalogue = await openCatalogueFile({ path, log });
    const stage = await startStage(members, { catalogue });
    composites.push(stage.composite);
    return { ...stage, catalogueEvents: () => log.lines.map(({ event }) => event) };
  }

  const remembered = async (): Promise<Readonly<Record<string, readonly string[]>>> => {
    const content = await readCatalogue(path).catch(() => new Map<string, never>());
    return Object.fromEntries([...content].map(([name, { units }]) => [name, units.map(({ name }) => name)]));
  };
  const settled = (expected: Readonly<Record<string, readonly string[]>>) =>
    until(remembered, (found) => JSON.stringify(found) === JSON.stringify(expected));

  const local = (service: ScriptedService): Member => ({ name: 'engine', service, remote: false });

  it('lists everything at once after a restart with a service down, and tells why its units fail', async () => {
    const renames = new Map([['b', 'b_here']]);
    const first = await start([
      remote('alpha', scripted('a')),
      remote('beta', scripted('b'), { renames }),
      local(scripted('e')),
    ]);
    await settled({ alpha: ['a'], beta: ['b'] });
    await first.composite.close();

    const down = scripted();
    down.methods.listPolicyUnits = away;
    down.methods.scoreHosts = away;
    const members = [remote('alpha', scripted('a')), remote('beta', down, { renames }), local(scripted('e'))];
    const { composite } = await start(members);
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
    await (await start([remote('alpha', scripted('a'))])).composite.close();
    const catalogue = await openCatalogueFile({ path, log: memoryLog() });
    const composite = createComposite({
      members: [remote('alpha', scripted('a'))],
      catalogue,
      log: memoryLog(),
    });
    expect(await names(composite)).to.deep.equal(['a']);
    await composite.close();
  });

  it('keeps a unit that its service has lost, over restarts', async () => {
    await (await start([remote('alpha', scripted('a', 'b'))])).composite.close();
    await (await start([remote('alpha', scripted('b'))])).composite.close();
    const { composite } = await start([remote('alpha', scripted('b'))]);
    expect(await names(composite)).to.deep.equal(['b', 'a']);
  });

  it('serves no units of services that are no longer configured, keeps them, and says so', async () => {
    await (await start([remote('alpha', scripted('a')), remote('beta', scripted('b'))])).composite.close();
    const { composite, logged } = await start([remote('alpha', scripted('a', 'c'))]);
    await settled({ alpha: ['a', 'c'], beta: ['b'] });
    expect(await names(composite)).to.deep.equal(['a', 'c']);
    expect(logged('remembered services not configured')).to.deep.equal([
      { level: 'info', services: ['beta'] },
    ]);
    await composite.close();
    await forgetUnits({ path, service: 'beta' });
    expect((await start([])).logged('remembered services not configured')).to.deep.equal([
      { level: 'info', services: ['alpha'] },
    ]);
  });

  it('is shared by two processes with different services, neither of which forgets those of the other', async () => {
    const [alpha, beta] = [scripted('a', 'old'), scripted('b')];
    const one = await start([remote('alpha', alpha)]);
    await settled({ alpha: ['a', 'old'] });
    const two = await start([remote('beta', beta)]);
    await settled({ alpha: ['a', 'old'], beta: ['b'] });
    alpha.units = [offered('SCORE', 'a')];
    for (const service of [alpha, beta]) service.methods.listPolicyUnits = away;
    for (let round = 0; round < 3; round++) {
      for (const { time } of [one, two]) await time.advance(30_000);
    }
    for (const { composite, logged } of [one, two]) {
      expect(logged('unit forgotten')).to.deep.equal([]);
      await composite.close();
    }
    expect(await names(one.composite)).to.deep.equal(['a', 'old']);
    expect(await names(two.composite)).to.deep.equal(['b']);
    expect(await remembered()).to.deep.equal({ alpha: ['a', 'old'], beta: ['b'] });
  });

  it('is written once by two processes with the same services, however these list', async () => {
    const one = await start([remote('alpha', scripted('a', 'b'))]);
    await settled({ alpha: ['a', 'b'] });
    const two = await start([remote('alpha', scripted('b', 'a'))]);
    for (let round = 0; round < 3; round++) {
      for (const { time } of [one, two]) await time.advance(30_000);
    }
    for (const { composite } of [one, two]) await composite.close();
    expect(one.catalogueEvents()).to.deep.equal(['catalogue written']);
    expect(two.catalogueEvents()).to.deep.equal([]);
  });

  it('has no unit that another service had first, so that the next start does not fail', async () => {
    const [alpha, beta] = [scripted('x'), scripted('b')];
    const members = [remote('beta', beta), remote('alpha', alpha)];
    const first = await start(members);
    await settled({ alpha: ['x'], beta: ['b'] });
    beta.units = [offered('SCORE', 'b'), offered('SCORE', 'x')];
    await first.time.advance(30_000);
    expect(first.logged('unit offered twice')).to.have.length(1);
    await first.composite.close();
    expect(await remembered()).to.deep.equal({ alpha: ['x'], beta: ['b'] });

    const second = await start(members);
    await second.composite.firstListing;
    expect(second.logged('unit offered twice')).to.deep.include({
      level: 'error',
      unit: 'SCORE/x',
      kept: 'alpha',
      ignored: 'beta',
      reason: second.logged('unit offered twice')[0]?.['reason'],
    });
    await second.composite.scoreHosts(scoreRequest({ units: [{ name: 'x', weight: 1 }] }), call());
    expect([alpha.count('scoreHosts'), beta.count('scoreHosts')]).to.deep.equal([1, 0]);
  });

  it('is left alone by a start that is refused, so that the next one is refused too', async () => {
    for (let attempt = 0; attempt < 2; attempt++) {
      const { composite, time } = await start([
        remote('alpha', scripted('a', 'x')),
        remote('beta', scripted('x')),
      ]);
      await expectRejection(composite.firstListing, 'INVALID_ARGUMENT');
      await time.advance(60_000);
      await composite.close();
      expect(existsSync(path)).to.equal(false);
    }
  });

  it('remembers that a service has no units, so that nobody waits for it after a restart', async () => {
    await (await start([remote('alpha', scripted())])).composite.close();
    const down = scripted();
    down.methods.listPolicyUnits = away;
    const { composite, logged } = await start([remote('alpha', down)]);
    expect(await names(composite)).to.deep.equal([]);
    expect(logged('units missing from a listing')).to.deep.equal([]);
  });

  it('throws for two services that are remembered to offer one unit', async () => {
    const renames = new Map([['x', 'y']]);
    await (
      await start([remote('alpha', scripted('x')), remote('beta', scripted('x'), { renames })])
    ).composite.close();
    const catalogue = await openCatalogueFile({ path, log: memoryLog() });
    const members = [remote('alpha', scripted()), remote('beta', scripted())];
    expect(() => createComposite({ members, catalogue, log: memoryLog() }))
      .to.throw(SchedulingError, 'services "alpha" and "beta" both offer the score unit "x"')
      .with.property('code', 'INVALID_ARGUMENT');
  });

  it('forgets while running what the command took out, unless it is still offered', async () => {
    const [alpha, beta] = [scripted('a', 'old'), scripted('b')];
    const { composite, time, logged } = await start([remote('alpha', alpha), remote('beta', beta)]);
    await settled({ alpha: ['a', 'old'], beta: ['b'] });
    alpha.units = [offered('SCORE', 'a')];
    beta.methods.listPolicyUnits = away;
    await time.advance(30_000);

    await forgetUnits({ path, service: 'alpha' });
    await forgetUnits({ path, service: 'beta' });
    await time.advance(30_000);
    await settled({ alpha: ['a'] });
    expect(logged('unit forgotten')).to.deep.equal([
      { level: 'info', service: 'alpha', unit: 'SCORE/old' },
      { level: 'info', service: 'beta', unit: 'SCORE/b' },
    ]);
    expect(composite.state().map(({ units }) => units)).to.deep.equal([1, 0]);
  });

  it('does not bring back by a write what was forgotten since', async () => {
    const alpha = scripted('a', 'old');
    const { time } = await start([remote('alpha', alpha)]);
    await settled({ alpha: ['a', 'old'] });
    alpha.units = [offered('SCORE', 'a')];
    await time.advance(30_000);
    await forgetUnits({ path, unit: 'SCORE/old' });
    alpha.units = [offered('SCORE', 'a'), offered('SCORE', 'new')];
    await time.advance(30_000);
    await settled({ alpha: ['a', 'new'] });
  });
});
