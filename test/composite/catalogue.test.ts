import { expect } from 'chai';
import { createCatalogue, type Catalogue } from '../../src/composite/catalogue.js';
import type { CatalogueContent } from '../../src/composite/catalogue-content.js';
import type { Member } from '../../src/composite/member.js';
import type { PolicyUnit } from '../../src/contract.js';
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
const kept = (catalogue: Catalogue) =>
  Object.fromEntries(
    [...catalogue.content()].map(([name, { units }]) => [name, units.map(({ name }) => name)]),
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
    expect(catalogue.content().get('alpha')?.listedAt).to.equal(1);
    expect(catalogue.learn(0, units('a', 'b'), 6).changed).to.equal(true);
    expect(catalogue.content().get('alpha')?.listedAt).to.equal(6);
    expect(catalogue.learn(0, [{ ...offered('SCORE', 'a'), description: 'new' }], 7).changed).to.equal(true);
  });

  it('leaves a unit with who had it first, and tells of another one that offers it once', () => {
    const catalogue = createCatalogue([member('alpha'), member('beta')], new Map());
    catalogue.learn(1, units('x', 'b'), 1);
    const conflict = { unit: { type: 'SCORE', name: 'x' }, owner: 'beta', newcomer: 'alpha' };
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
    catalogue.adopt(content({ beta: ['x'] }));
    expect(shown(catalogue)).to.deep.equal(['1 x']);
  });

  const adoptions: readonly {
    readonly title: string;
    readonly offered: readonly string[];
    readonly up: boolean;
    readonly edited: readonly string[];
    readonly kept: readonly string[];
    readonly forgotten: readonly string[];
  }[] = [
    {
      title: 'a unit in the file stays',
      offered: ['a'],
      up: true,
      edited: ['a'],
      kept: ['a'],
      forgotten: [],
    },
    {
      title: 'a unit that is offered stays',
      offered: ['a'],
      up: true,
      edited: [],
      kept: ['a'],
      forgotten: [],
    },
    {
      title: 'a unit of a service that is away goes',
      offered: ['a'],
      up: false,
      edited: [],
      kept: [],
      forgotten: ['a'],
    },
    {
      title: 'a unit listed no longer goes',
      offered: [],
      up: true,
      edited: [],
      kept: [],
      forgotten: ['old'],
    },
    {
      title: 'a unit that is new in the file comes',
      offered: ['a'],
      up: true,
      edited: ['a', 'n'],
      kept: ['a', 'n'],
      forgotten: [],
    },
  ];
  for (const { title, offered, up, edited, kept: expected, forgotten } of adoptions) {
    it(`adopts an edited file: ${title}`, () => {
      const old = forgotten.filter((name) => name === 'old');
      const catalogue = createCatalogue([member('alpha')], content({ alpha: old }));
      catalogue.learn(0, units(...offered), 1);
      if (!up) catalogue.lose(0);
      const gone = catalogue.adopt(content({ alpha: edited })).forgotten;
      expect(gone.map(({ service, unit }) => `${service} ${unit.name}`)).to.deep.equal(
        forgotten.map((name) => `alpha ${name}`),
      );
      expect(kept(catalogue)).to.deep.equal(expected.length > 0 ? { alpha: expected } : {});
    });
  }
});
