import { expect } from 'chai';
import fc from 'fast-check';
import {
  ranksOf,
  selectByRank,
  selectByWeight,
  selectFrom,
  type BookedCost,
} from '../../src/engine-model/selectors.js';
import { hostId } from '../support/world.js';

const row = (hostId: string, cost: number, unit?: string): BookedCost => ({ hostId, cost, unit });

const MAX = 2 ** 31 - 1;

describe('ranksOf', () => {
  const cases: readonly (readonly [title: string, costs: readonly number[], ranks: readonly number[]])[] = [
    ['1 < 5 < 9: how many cost more', [5, 1, 9], [1, 2, 0]],
    ['5 = 5 < 9: both have the higher rank', [5, 5, 9], [2, 2, 0]],
    ['1 < 5 = 5: both have the higher rank', [5, 5, 1], [1, 1, 2]],
    ['all equal: all have the highest', [7, 7], [1, 1]],
    ['-2^31 is no more than the smallest int: a rank above all', [-(2 ** 31), 0], [2, 0]],
    ['none', [], []],
  ];
  for (const [title, costs, ranks] of cases) {
    it(title, () => {
      expect(ranksOf(costs)).to.deep.equal(ranks);
    });
  }
});

describe('the selectors of the engine', () => {
  const cases: readonly {
    readonly title: string;
    readonly costs: readonly BookedCost[];
    readonly candidates?: readonly string[];
    readonly factors?: Record<string, number>;
    readonly rank: readonly [winners: readonly string[], totals: Record<string, number>];
    readonly weight: readonly [winners: readonly string[], totals: Record<string, number>];
  }[] = [
    {
      title: 'lowest cost wins: ranks 1, 0 and costs 34, 100',
      costs: [row('a', 34, 'u'), row('b', 100, 'u')],
      rank: [['a'], { a: 1, b: 0 }],
      weight: [['a'], { a: 34, b: 100 }],
    },
    {
      title: 'differ when one unit spreads wide: ranks 1 + 0, 0 + 2 x 1 and costs 0 + 2 x 2, 1000 + 2 x 1',
      costs: [row('a', 0, 'u'), row('b', 1000, 'u'), row('a', 2, 'v'), row('b', 1, 'v')],
      factors: { u: 1, v: 2 },
      rank: [['b'], { a: 1, b: 2 }],
      weight: [['a'], { a: 4, b: 1002 }],
    },
    {
      title: 'a host missing from a unit has cost 0 by rank, and adds nothing by weight',
      costs: [row('a', 34, 'u')],
      rank: [['b'], { a: 0, b: 1 }],
      weight: [['a'], { a: 34 }],
    },
    {
      title: 'a host that is no candidate may win',
      costs: [row('a', 34, 'u'), row('b', 100, 'u'), row('x', 1, 'u')],
      rank: [['x'], { x: 2, a: 1, b: 0 }],
      weight: [['x'], { x: 1, a: 34, b: 100 }],
    },
    {
      title: 'rows of two, and units without a factor, count once',
      costs: [row('a', 2), row('b', 3), row('a', 5, 'v'), row('b', 4, 'v')],
      factors: { u: 9 },
      rank: [['a', 'b'], { a: 1, b: 1 }],
      weight: [['a', 'b'], { a: 7, b: 7 }],
    },
    {
      title:
        'a host twice in a unit has the sum of its costs: 5 + 4 = 9 against 7, where 5 or 4 alone would win',
      costs: [row('a', 5, 'u'), row('b', 7, 'u'), row('a', 4, 'u')],
      rank: [['b'], { b: 1, a: 0 }],
      weight: [['b'], { a: 9, b: 7 }],
    },
    {
      title: 'ints wrap around: 2 x (2^31 - 1) = -2',
      costs: [row('a', MAX, 'u'), row('b', 0, 'u')],
      factors: { u: 2 },
      rank: [['b'], { b: 2, a: 0 }],
      weight: [['a'], { a: -2, b: 0 }],
    },
    {
      title: 'the sum of a host that is there twice wraps around too: 2 x (2^31 - 1) = -2 is the lowest',
      costs: [row('a', MAX, 'u'), row('b', 0, 'u'), row('a', MAX, 'u')],
      rank: [['a'], { a: 1, b: 0 }],
      weight: [['a'], { a: -2, b: 0 }],
    },
    { title: 'nothing to select from', costs: [], rank: [[], {}], weight: [[], {}] },
  ];
  for (const { title, costs, candidates = ['a', 'b'], factors = {}, rank, weight } of cases) {
    it(title, () => {
      const asked = { costs, candidates, factors: new Map(Object.entries(factors)) };
      const byRank = selectByRank(asked);
      expect([[...byRank.winners].sort(), Object.fromEntries(byRank.totals)]).to.deep.equal(rank);
      const byWeight = selectByWeight(asked);
      expect([[...byWeight.winners].sort(), Object.fromEntries(byWeight.totals)]).to.deep.equal(weight);
    });
  }
});

describe('a tie', () => {
  /** Ids in an order of chance, and as the key set of a HashMap<UUID, Integer> of OpenJDK 17 has them. */
  const ORDERS: readonly (readonly [given: readonly string[], java: readonly string[]])[] = [
    [
      [
        'bb0938ab-e856-7fb8-eb30-d74ecf8b940d',
        'eb29d60f-37c1-1313-adf7-756f48d1a86c',
        '1411389c-7f94-2b57-065a-2e47da450f68',
        'b302287f-cc98-b210-ce10-594444908d88',
      ],
      [
        'eb29d60f-37c1-1313-adf7-756f48d1a86c',
        'bb0938ab-e856-7fb8-eb30-d74ecf8b940d',
        'b302287f-cc98-b210-ce10-594444908d88',
        '1411389c-7f94-2b57-065a-2e47da450f68',
      ],
    ],
    [
      [
        'bad46258-5430-2858-71d2-31ee0544637d',
        '0d20f146-c330-217c-b857-000a2944101a',
        '690854f0-dc77-9425-14b6-08c8f3c71568',
        'e7e88ed1-b7d4-75c6-6670-56f468bb2974',
        'c36a7d98-90bc-5c72-e317-8639386d11b0',
        'dd2338d6-2054-427d-f891-67f8a7dc493b',
        '1042f3f1-55be-6063-4e30-a16038ac4764',
        'f25a9c5c-e651-40e7-7170-96b5d4052a70',
        '5320a70d-83e9-737f-8934-37f4788dca9b',
        'fcb0c127-eeb9-80ef-804c-8299b5c5795c',
        '254957f7-9812-0633-9f04-ccbea6a3f0ed',
        '1c452c27-4ed6-19a1-00c0-2d6976ca380a',
        'dd3e642c-02ee-5e4f-c794-961da0f77df8',
      ],
      [
        'e7e88ed1-b7d4-75c6-6670-56f468bb2974',
        'f25a9c5c-e651-40e7-7170-96b5d4052a70',
        'bad46258-5430-2858-71d2-31ee0544637d',
        '0d20f146-c330-217c-b857-000a2944101a',
        '254957f7-9812-0633-9f04-ccbea6a3f0ed',
        '5320a70d-83e9-737f-8934-37f4788dca9b',
        'fcb0c127-eeb9-80ef-804c-8299b5c5795c',
        'c36a7d98-90bc-5c72-e317-8639386d11b0',
        'dd2338d6-2054-427d-f891-67f8a7dc493b',
        'dd3e642c-02ee-5e4f-c794-961da0f77df8',
        '1042f3f1-55be-6063-4e30-a16038ac4764',
        '690854f0-dc77-9425-14b6-08c8f3c71568',
        '1c452c27-4ed6-19a1-00c0-2d6976ca380a',
      ],
    ],
  ];
  for (const [given, java] of ORDERS) {
    it(`of ${given.length} hosts is in the order of the engine's hash map, which takes the first`, () => {
      const costs = given.map((id) => row(id, 1, 'u'));
      const asked = { costs, candidates: given, factors: new Map<string, number>() };
      expect(selectByRank(asked).winners).to.deep.equal(java);
      expect(selectByWeight(asked).winners).to.deep.equal(java);
    });
  }
});

describe('selectFrom', () => {
  const cost = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(-MAX - 1, MAX));
  const units = fc.array(
    fc.record({
      costs: fc.array(cost, { minLength: 5, maxLength: 5 }),
      factor: fc.integer({ min: -2, max: 3 }),
    }),
    { minLength: 1, maxLength: 3 },
  );
  const hostIds = [1, 2, 3, 4, 5].map(hostId);

  it('picks the first winner of the same costs in rows, with either selector', () => {
    fc.assert(
      fc.property(units, (given) => {
        const named = given.map(({ costs, factor }, index) => ({ unit: `u${index}`, costs, factor }));
        const factors = new Map(named.map(({ unit, factor }) => [unit, factor]));
        const costs = named.flatMap(({ unit, costs }) =>
          hostIds.map((id, place) => row(id, costs[place] ?? 0, unit)),
        );
        const asked = { costs, candidates: hostIds, factors };
        const table = { hostIds, units: named };
        expect(selectFrom(table, factors, 'rank')).to.equal(selectByRank(asked).winners[0]);
        expect(selectFrom(table, factors, 'weight')).to.equal(selectByWeight(asked).winners[0]);
      }),
    );
  });
});
