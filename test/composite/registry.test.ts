import { expect } from 'chai';
import type { Member } from '../../src/composite/member.js';
import {
  KEEP_GONE_MS,
  MAX_PROBLEM_BYTES,
  MAX_UNIT_BYTES,
  recordListing,
  routeUnits,
  shareOf,
  unitIdentity,
  within,
  withinShare,
} from '../../src/composite/registry.js';
import type { RememberedService } from '../../src/composite/registry-file.js';
import { offered, scripted } from './stage.js';

const NOW = 1_700_000_000_000;
const DAY = 24 * 60 * 60 * 1000;

/** What a source listed last, and what it lists no longer since so many days. */
interface Source {
  readonly listed: readonly string[];
  readonly gone?: Readonly<Record<string, number>>;
  readonly part?: Partial<Member>;
}

const memberOf = (name: string, part: Partial<Member> = {}): Member => ({
  ...{ name, service: scripted(), remote: true },
  ...part,
});

function recordOf({ listed, gone = {} }: Source): RememberedService {
  return {
    listedAt: 0,
    units: listed.map((name) => offered('SCORE', name)),
    gone: Object.entries(gone).map(([name, days]) => ({
      unit: offered('SCORE', name),
      since: NOW - days * DAY,
    })),
  };
}

const never = undefined;

const table: readonly {
  readonly title: string;
  /** In the order of the configuration; undefined: never listed. */
  readonly sources: readonly (Source | undefined)[];
  /** Units and their owners, by the place among the sources. */
  readonly owners: readonly (readonly [unit: string, source: number])[];
  /** Units and the sources that offer them in vain. */
  readonly losers?: readonly (readonly [unit: string, source: number])[];
}[] = [
  {
    title: 'each its own, in the order of the sources and of their lists',
    sources: [{ listed: ['b', 'a'] }, { listed: ['c'] }],
    owners: [
      ['b', 0],
      ['a', 0],
      ['c', 1],
    ],
  },
  {
    title: 'the first source’s of two that list it',
    sources: [{ listed: ['x'] }, { listed: ['x'] }],
    owners: [['x', 0]],
    losers: [['x', 1]],
  },
  {
    title: 'the first source’s of three, however often',
    sources: [{ listed: ['x'] }, { listed: ['x'] }, { listed: ['x'] }],
    owners: [['x', 0]],
    losers: [
      ['x', 1],
      ['x', 2],
    ],
  },
  {
    title: 'the second one’s while the first was never listed',
    sources: [never, { listed: ['x'] }],
    owners: [['x', 1]],
  },
  {
    title: 'the second one’s when the first lists it no longer',
    sources: [{ listed: [], gone: { x: 1 } }, { listed: ['x'] }],
    owners: [['x', 1]],
  },
  {
    title: 'the last owner’s when nobody lists it any more',
    sources: [{ listed: ['a'], gone: { x: 1 } }],
    owners: [
      ['a', 0],
      ['x', 0],
    ],
  },
  {
    title: 'the one’s that listed it last when two list it no longer',
    sources: [
      { listed: [], gone: { x: 3 } },
      { listed: [], gone: { x: 2 } },
    ],
    owners: [['x', 1]],
  },
  {
    title: 'the first one’s when both stopped at once',
    sources: [
      { listed: [], gone: { x: 2 } },
      { listed: [], gone: { x: 2 } },
    ],
    owners: [['x', 0]],
  },
  { title: 'nobody’s after 7 days', sources: [{ listed: [], gone: { x: 7 } }], owners: [] },
  {
    title: 'known by its name here',
    sources: [{ listed: ['x'] }, { listed: ['x'], part: { renames: new Map([['x', 'y']]) } }],
    owners: [
      ['x', 0],
      ['y', 1],
    ],
  },
  {
    title: 'nobody’s when it is left out, listed or gone',
    sources: [{ listed: ['x', 'a'], gone: { z: 1 }, part: { units: ['a'] } }],
    owners: [['a', 0]],
  },
];

describe('the owner of a unit', () => {
  for (const { title, sources, owners, losers = [] } of table) {
    it(`is ${title}`, () => {
      const members = sources.map((source, index) => memberOf(`s${index}`, source?.part));
      const registry = new Map(
        sources.flatMap((source, index) =>
          source === undefined ? [] : [[`s${index}`, recordOf(source)] as const],
        ),
      );
      const { units, routes, conflicts } = routeUnits(members, registry, NOW);
      expect(units.map(({ name }) => [name, routes.SCORE.get(name)?.member])).to.deep.equal(owners);
      expect(conflicts.map(({ loser }) => [loser.unit.name, loser.member])).to.deep.equal(losers);
    });
  }

  it('is told apart by type: a filter and a score of one name are two units', () => {
    const units = [offered('FILTER', 'x'), offered('SCORE', 'x'), offered('BALANCE', 'x')];
    const registry = new Map([['s', { listedAt: 0, units, gone: [] }]]);
    expect(routeUnits([memberOf('s')], registry, NOW).conflicts).to.deep.equal([]);
  });
});

describe('the record of a listing', () => {
  const identities = ({ units, gone }: RememberedService) => [
    units.map(unitIdentity),
    gone.map(({ unit, since }) => [unitIdentity(unit), NOW - since]),
  ];
  const list = (...names: readonly string[]) => names.map((name) => offered('SCORE', name));

  it('stays the same as long as the units do', () => {
    const first = recordListing(undefined, list('a', 'b'), NOW - DAY);
    expect(first.listedAt).to.equal(NOW - DAY);
    expect(recordListing(first, list('a', 'b'), NOW)).to.equal(first);
  });

  it('holds since when a unit is missing, and no longer when it is back', () => {
    const first = recordListing(undefined, list('a', 'b'), NOW - 2 * DAY);
    const second = recordListing(first, list('b'), NOW - DAY);
    expect(identities(second)).to.deep.equal([['SCORE/b'], [['SCORE/a', DAY]]]);
    expect(identities(recordListing(second, list('b', 'a'), NOW))).to.deep.equal([
      ['SCORE/b', 'SCORE/a'],
      [],
    ]);
  });

  it('drops a unit that is missing for 7 days', () => {
    const missing = recordListing(recordOf({ listed: ['a'] }), [], NOW - KEEP_GONE_MS);
    expect(recordListing(missing, [], NOW - 1)).to.equal(missing);
    expect(recordListing(missing, [], NOW).gone).to.deep.equal([]);
  });

  it('takes in what a unit is now', () => {
    const changed = [offered('SCORE', 'a', 'LOWER_IS_BETTER')];
    expect(recordListing(recordOf({ listed: ['a'] }), changed, NOW).units).to.deep.equal(changed);
  });

  /** Makes a record of listings that have so many new names each. */
  const listings = (count: number, units: number, maxBytes?: number) => {
    let record: RememberedService | undefined;
    for (let n = 0; n < count; n++) {
      const names = Array.from({ length: units }, (_, m) => `u${n}-${m}`);
      record = recordListing(record, list(...names), NOW + n, maxBytes);
    }
    return { units: record?.units ?? [], gone: record?.gone.map(({ unit }) => unit.name) ?? [] };
  };

  it('keeps 1000 units of a service that makes up new names: 300 listed, 700 gone, those gone longest first to go', () => {
    const { units, gone } = listings(5, 300);
    expect([units.length, gone.length]).to.deep.equal([300, 700]);
    expect(gone.at(-1)).to.equal('u3-299');
    expect(gone.filter((name) => name.startsWith('u1-'))).to.have.length(100);
  });

  it('keeps as many that are gone as fit into its bytes, the last ones', () => {
    const [unit] = list('u0-0');
    const [listed, gone] = [unit, { unit, since: NOW }].map((item) => JSON.stringify(item).length);
    const bytes = (listed ?? 0) + 2 * (gone ?? 0);
    expect(listings(6, 1, bytes).gone).to.deep.equal(['u3-0', 'u4-0']);
    expect(listings(6, 1, bytes - 1).gone).to.deep.equal(['u4-0']);
  });
});

describe('the share of a service', () => {
  it('is all for one, and a 64th of 768 and 192 KiB for each of 64: 12 and 3 KiB', () => {
    expect(shareOf(0)).to.deep.equal({ units: MAX_UNIT_BYTES, problems: MAX_PROBLEM_BYTES });
    expect(shareOf(1)).to.deep.equal(shareOf(0));
    expect(shareOf(64)).to.deep.equal({ units: 12 * 1024, problems: 3 * 1024 });
  });

  it('costs descriptions before units: 200 with 1000 characters each in a quarter of 768 KiB', () => {
    const units = Array.from({ length: 200 }, (_, n) => ({
      ...offered('SCORE', `u${n}`),
      description: 'x'.repeat(1000),
    }));
    const list = { units, problems: [], faults: [], hasInventory: false };
    const kept = withinShare(list, shareOf(4)).units;
    expect(kept.length).to.equal(200);
    expect(new Set(kept.map(({ description }) => description))).to.deep.equal(
      new Set([`${'x'.repeat(97)}...`]),
    );
    expect(withinShare(list, shareOf(1)).units).to.deep.equal(units);
  });

  it('costs the unit that does not fit, and no other', () => {
    const [small, large, last] = ['a', 'b', 'c'].map((name) => offered('SCORE', name));
    if (small === undefined || large === undefined || last === undefined) throw new Error('none');
    const units = [small, { ...large, description: 'x'.repeat(1000) }, last];
    const bytes = 2 * JSON.stringify(small).length;
    const list = { units, problems: [], faults: [], hasInventory: false };
    const share = { units: bytes, problems: 1000 };
    const fault = {
      source: 'policy_units',
      reason: `1 units left out: those of a service may take ${bytes} bytes`,
    };
    expect(withinShare(list, share)).to.deep.equal({
      ...{ units: [small, last], hasInventory: false },
      ...{ problems: [fault], faults: [fault] },
    });
    expect(withinShare({ ...list, units: [small, last] }, share).faults).to.deep.equal([]);
    expect(within(units, bytes - 1)).to.deep.equal([small]);
  });
});
