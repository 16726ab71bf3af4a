import { expect } from 'chai';
import { createCatalogue, type Catalogue } from '../../src/composite/catalogue.js';
import type { CatalogueContent } from '../../src/composite/catalogue-content.js';
import type { Member } from '../../src/composite/member.js';
import type { PolicyUnit } from '../../src/domain/contract.js';
import { offered, scripted } from './stage.js';

const member = (name: string, options: Partial<Member> = {}): Member => ({
  name,
  service: scripted(),
  remote: true,
  ...options,
});
const units = (...names: string[]): PolicyUnit[] => names.map((name) => offered('SCORE', name));
const content = (services: Readonly<Record<string, readonly string[]>>): CatalogueContent =>
  new Map(Object.entries(services).map(([name, list]) => [name, { listedAt: 1, units: units(...list) }]));
const shown = (catalogue: Catalogue) =>
  catalogue.routes().map(({ unit, member, offeredName }) => {
    const name = unit.name === offeredName ? unit.name : `${offeredName} as ${unit.name}`;
    return `${member} ${name}`;
  });
const kept = (catalogue: Catalogue, file: CatalogueContent = new Map()) =>
  Object.fromEntries(
    [...catalogue.content(file)].map(([name, { units }]) => [name, units.map(({ name }) => name)]),
  );

describe('catalogue', () => {
  it('lists members in their order, whoever was listed first, and units in their listed order', () => {
    const catalogue = createCatalogue([member('alpha'), member('beta')], new Map());
    catalogue.learn(1, units('z', 'y'), 1);
    catalogue.learn(0, units('b', 'a'), 2);
    expect(shown(catalogue)).to.deep.equal(['0 b', '0 a', '1 z', '1 y']);
  });

  it('takes allowed units only, under their names here, of whatever type', () => {
    const renames = new Map([['a', 'alpha_a']]);
    const catalogue = createCatalogue([member('alpha', { units: ['a', 'b'], renames })], new Map());
    catalogue.learn(0, [offered('SCORE', 'a'), offered('FILTER', 'a'), ...units('b', 'c')], 1);
    expect(shown(catalogue)).to.deep.equal(['0 a as alpha_a', '0 a as alpha_a', '0 b']);
    expect(catalogue.find('FILTER', 'alpha_a')?.offeredName).to.equal('a');
    expect(catalogue.find('SCORE', 'a')).to.equal(undefined);
    expect(catalogue.find('SCORE', 'c')).to.equal(undefined);
    expect(kept(catalogue)).to.deep.equal({ alpha: ['a', 'a', 'b', 'c'] });
  });

  it('keeps filters and scores of one name apart', () => {
    const catalogue = createCatalogue([member('alpha'), member('beta')], new Map());
    catalogue.learn(0, [offered('SCORE', 'x')], 1);
    expect(catalogue.learn(1, [offered('FILTER', 'x')], 1).conflicts).to.deep.equal([]);
    expect([catalogue.find('SCORE', 'x')?.member, catalogue.find('FILTER', 'x')?.member]).to.deep.equal([
      0, 1,
    ]);
  });

  it('begins with what is remembered of remote members', () => {
    const members = [member('alpha'), member('engine', { remote: false })];
    const catalogue = createCatalogue(members, content({ alpha: ['a'], engine: ['e'], stranger: ['s'] }));
    expect(shown(catalogue)).to.deep.equal(['0 a']);
    expect(kept(catalogue)).to.deep.equal({ alpha: ['a'] });
    expect(catalogue.known(0)).to.deep.equal({ units: 1, remembered: 1 });
    expect([catalogue.isKnown(0), catalogue.isKnown(1)]).to.deep.equal([true, false]);
  });

  it('keeps a unit that is listed no longer, and tells so once', () => {
    const catalogue = createCatalogue([member('alpha')], content({ alpha: ['a', 'b'] }));
    const vanished = () => catalogue.learn(0, units('b'), 1).vanished.map(({ name }) => name);
    expect([vanished(), vanished()]).to.deep.equal([['a'], []]);
    expect(shown(catalogue)).to.deep.equal(['0 b', '0 a']);
    expect(catalogue.known(0)).to.deep.equal({ units: 2, remembered: 1 });
    catalogue.learn(0, units('a', 'b'), 1);
    expect([vanished(), vanished()]).to.deep.equal([['a'], []]);
  });

  it('says whether there is something new to remember, and keeps the time of that', () => {
    const catalogue = createCatalogue([member('alpha')], content({ alpha: ['a'] }));
    expect(catalogue.learn(0, units('a'), 5).changed).to.equal(false);
    expect(catalogue.content(new Map()).get('alpha')?.listedAt).to.equal(1);
    expect(catalogue.learn(0, units('a', 'b'), 6).changed).to.equal(true);
    expect(catalogue.content(new Map()).get('alpha')?.listedAt).to.equal(6);
    expect(catalogue.learn(0, [{ ...offered('SCORE', 'a'), description: 'new' }], 7).changed).to.equal(true);
  });

  it('leaves a unit with who had it first, and tells of another one that offers it once', () => {
    const catalogue = createCatalogue([member('alpha'), member('beta')], new Map());
    catalogue.learn(1, units('x', 'b'), 1);
    const conflict = { unit: { type: 'SCORE', name: 'x' }, owner: 'beta', newcomer: 'alpha', isOld: false };
    expect(catalogue.learn(0, units('x', 'a'), 1).conflicts).to.deep.equal([conflict]);
    expect(catalogue.learn(0, units('x', 'a'), 1).conflicts).to.deep.equal([]);
    expect(shown(catalogue)).to.deep.equal(['0 a', '1 x', '1 b']);
  });

  it('tells of conflicts among remembered units', () => {
    const catalogue = createCatalogue(
      [member('alpha'), member('beta')],
      content({ alpha: ['x'], beta: ['x'] }),
    );
    expect(catalogue.conflicts.map(({ owner, newcomer }) => [owner, newcomer])).to.deep.equal([
      ['alpha', 'beta'],
    ]);
  });

  it('tells of two units of one member that a rename makes one', () => {
    const catalogue = createCatalogue([member('alpha', { renames: new Map([['a', 'b']]) })], new Map());
    const { conflicts } = catalogue.learn(0, units('a', 'b'), 1);
    expect(conflicts.map(({ owner, newcomer }) => [owner, newcomer])).to.deep.equal([['alpha', 'alpha']]);
    expect(shown(catalogue)).to.deep.equal(['0 a as b']);
  });

  it('gives a unit to who offers it too once the first one is forgotten', () => {
    const catalogue = createCatalogue([member('alpha'), member('beta')], content({ alpha: ['x'] }));
    catalogue.learn(1, units('x'), 1);
    expect(shown(catalogue)).to.deep.equal(['0 x']);
    catalogue.adopt(content({ alpha: ['x'] }), content({ alpha: [], beta: ['x'] }));
    expect(shown(catalogue)).to.deep.equal(['1 x']);
  });

  const adoptions: readonly {
    readonly title: string;
    readonly offered: readonly string[];
    readonly up: boolean;
    readonly before: readonly string[];
    readonly edited: readonly string[];
    readonly kept: readonly string[];
    readonly forgotten: readonly string[];
  }[] = [
    {
      title: 'a unit in the file stays',
      offered: ['a'],
      up: true,
      before: ['a'],
      edited: ['a'],
      kept: ['a'],
      forgotten: [],
    },
    {
      title: 'a unit that is offered stays',
      offered: ['a'],
      up: true,
      before: ['a'],
      edited: [],
      kept: ['a'],
      forgotten: [],
    },
    {
      title: 'a unit of a service that is away goes',
      offered: ['a'],
      up: false,
      before: ['a'],
      edited: [],
      kept: [],
      forgotten: ['a'],
    },
    {
      title: 'a unit of a service that is away stays when it was never in the file',
      offered: ['a'],
      up: false,
      before: [],
      edited: [],
      kept: ['a'],
      forgotten: [],
    },
    {
      title: 'a unit listed no longer goes',
      offered: [],
      up: true,
      before: ['old'],
      edited: [],
      kept: [],
      forgotten: ['old'],
    },
    {
      title: 'a unit that is new in the file comes',
      offered: ['a'],
      up: true,
      before: ['a'],
      edited: ['a', 'n'],
      kept: ['a', 'n'],
      forgotten: [],
    },
  ];
  for (const { title, offered, up, before, edited, kept: expected, forgotten } of adoptions) {
    it(`adopts an edited file: ${title}`, () => {
      const old = forgotten.filter((name) => name === 'old');
      const catalogue = createCatalogue([member('alpha')], content({ alpha: old }));
      catalogue.learn(0, units(...offered), 1);
      if (!up) catalogue.lose(0);
      const gone = catalogue.adopt(content({ alpha: before }), content({ alpha: edited })).forgotten;
      expect(gone.map(({ service, unit }) => `${service} ${unit.name}`)).to.deep.equal(
        forgotten.map((name) => `alpha ${name}`),
      );
      expect(kept(catalogue)).to.deep.equal({ alpha: expected });
    });
  }

  it('forgets nothing of a service that an edited file lacks: another process has not configured it', () => {
    const catalogue = createCatalogue([member('alpha')], content({ alpha: ['a', 'old'] }));
    catalogue.learn(0, units('a'), 1);
    catalogue.lose(0);
    const adopted = catalogue.adopt(content({ alpha: ['a', 'old'] }), content({ other: ['o'] }));
    expect(adopted.forgotten).to.deep.equal([]);
    expect(shown(catalogue)).to.deep.equal(['0 a', '0 old']);
  });

  it('keeps in the file what it holds of services that are no members, and takes no units of them', () => {
    const file = content({ other: ['o'], engine: ['e'] });
    const catalogue = createCatalogue([member('alpha'), member('engine', { remote: false })], file);
    catalogue.learn(0, units('a'), 1);
    catalogue.learn(1, units('e'), 1);
    catalogue.adopt(file, content({ other: ['o', 'p'], engine: ['e'] }));
    expect(kept(catalogue, content({ other: ['o', 'p'], engine: ['e'] }))).to.deep.equal({
      other: ['o', 'p'],
      engine: ['e'],
      alpha: ['a'],
    });
    expect(shown(catalogue)).to.deep.equal(['0 a', '1 e']);
  });

  it('takes the descriptions of a service that is away from the file, its own ones while it is listed', () => {
    const edited: CatalogueContent = new Map([
      ['alpha', { listedAt: 2, units: [{ ...offered('SCORE', 'a'), description: 'edited' }] }],
    ]);
    const catalogue = createCatalogue([member('alpha')], content({ alpha: ['a'] }));
    const description = () => catalogue.content(edited).get('alpha')?.units[0]?.description;
    catalogue.learn(0, units('a'), 1);
    catalogue.adopt(content({ alpha: ['a'] }), edited);
    expect(description()).to.equal('a of a test');
    catalogue.lose(0);
    catalogue.adopt(content({ alpha: ['a'] }), edited);
    expect(description()).to.equal('edited');
  });

  it('remembers a service that has no units, and one that was forgotten as not known', () => {
    const catalogue = createCatalogue([member('alpha')], new Map());
    expect(catalogue.isKnown(0)).to.equal(false);
    expect(catalogue.learn(0, [], 7).changed).to.equal(true);
    expect(catalogue.content(new Map())).to.deep.equal(new Map([['alpha', { listedAt: 7, units: [] }]]));
    expect(createCatalogue([member('alpha')], catalogue.content(new Map())).isKnown(0)).to.equal(true);
    const forgotten: CatalogueContent = new Map([['alpha', { listedAt: 0, units: [] }]]);
    const again = createCatalogue([member('alpha')], forgotten);
    expect(again.isKnown(0)).to.equal(false);
    expect(again.content(forgotten)).to.deep.equal(forgotten);
  });

  it('does not remember a unit that another service has, unless the file has it', () => {
    const catalogue = createCatalogue([member('alpha'), member('beta')], content({ alpha: ['x'] }));
    catalogue.learn(1, units('x', 'b'), 1);
    expect(kept(catalogue)).to.deep.equal({ alpha: ['x'], beta: ['b'] });
    expect(kept(catalogue, content({ beta: ['x'] }))).to.deep.equal({ alpha: ['x'], beta: ['x', 'b'] });
  });
});

describe('a unit that two services list', () => {
  type Steps = readonly (readonly [member: number, ...units: string[]])[];
  const moves: readonly (readonly [
    title: string,
    remembered: Readonly<Record<string, readonly string[]>>,
    steps: Steps,
    owner: string,
    moved: boolean,
  ])[] = [
    ['moves when it is gone here and then offered there', {}, [[0, 'x'], [0], [1, 'x']], 'beta', true],
    ['moves when it is offered there and then gone here', {}, [[0, 'x'], [1, 'x'], [0]], 'beta', true],
    ['moves when it is only remembered here', { alpha: ['x'] }, [[0], [1, 'x']], 'beta', true],
    ['stays while its service was not listed since the start', { alpha: ['x'] }, [[1, 'x']], 'alpha', false],
    [
      'stays when it comes back before it is offered there',
      {},
      [[0, 'x'], [0], [0, 'x'], [1, 'x']],
      'alpha',
      false,
    ],
    ['stays when the other one loses it again', {}, [[0, 'x'], [1, 'x'], [1]], 'alpha', false],
    ['stays when it is gone here and only remembered there', { beta: [] }, [[0, 'x'], [0]], 'alpha', false],
  ];
  for (const [title, remembered, steps, owner, moved] of moves) {
    it(title, () => {
      const catalogue = createCatalogue([member('alpha'), member('beta')], content(remembered));
      const news = steps.map(([index, ...listed]) => catalogue.learn(index, units(...listed), 1));
      const found = catalogue.find('SCORE', 'x');
      expect(found && ['alpha', 'beta'][found.member]).to.equal(owner);
      expect(news.flatMap(({ moves }) => moves)).to.deep.equal(
        moved ? [{ unit: { type: 'SCORE', name: 'x' }, from: 'alpha', to: 'beta' }] : [],
      );
      if (moved) expect(kept(catalogue)).to.deep.equal({ alpha: [], beta: ['x'] });
    });
  }

  it('is not told to be offered no longer when it moved', () => {
    const catalogue = createCatalogue([member('alpha'), member('beta')], content({ alpha: ['x'] }));
    catalogue.learn(1, units('x'), 1);
    expect(catalogue.learn(0, [], 1).vanished).to.deep.equal([]);
  });

  const local = member('engine', { remote: false });
  const ages: readonly (readonly [
    title: string,
    members: readonly Member[],
    remembered: Readonly<Record<string, readonly string[]>>,
    isOld: boolean,
  ])[] = [
    ['new when neither is remembered', [member('alpha'), member('beta')], {}, false],
    [
      'new when others of their units are remembered',
      [member('alpha'), member('beta')],
      { alpha: ['a'] },
      false,
    ],
    ['old when its owner is remembered', [member('alpha'), member('beta')], { alpha: ['x'] }, true],
    [
      'old when its owner is remembered and listed last',
      [member('beta'), member('alpha')],
      { alpha: ['x'] },
      true,
    ],
    ['new with a unit of this process when the service is new', [local, member('beta')], {}, false],
    [
      'old with a unit of this process when the service is known',
      [local, member('beta')],
      { beta: ['b'] },
      true,
    ],
    ['old with one of this process that came later', [member('beta'), local], { beta: ['b'] }, true],
  ];
  for (const [title, members, remembered, isOld] of ages) {
    it(`is a conflict that is ${title}`, () => {
      const catalogue = createCatalogue(members, content(remembered));
      const conflicts = members.flatMap((_, index) => catalogue.learn(index, units('x'), 1).conflicts);
      expect(conflicts.map((conflict) => conflict.isOld)).to.deep.equal([isOld]);
    });
  }

  it('is told again when it was over in between', () => {
    const catalogue = createCatalogue([member('alpha'), member('beta')], new Map());
    catalogue.learn(0, units('x'), 1);
    const conflicts = [['x'], ['x'], [], ['x']].map(
      (names) => catalogue.learn(1, units(...names), 1).conflicts.length,
    );
    expect(conflicts).to.deep.equal([1, 0, 0, 1]);
  });
});
