import { expect } from 'chai';
import { ranksOf, selectByRank, selectByWeight, type BookedCost } from '../../src/engine-model/selectors.js';

const row = (hostId: string, cost: number, unit?: string): BookedCost => ({ hostId, cost, unit });

const MAX = 2 ** 31 - 1;

describe('ranksOf', () => {
  const cases: readonly (readonly [
    title: string,
    costs: Record<string, number>,
    ranks: Record<string, number>,
  ])[] = [
    ['1 < 5 < 9: how many cost more', { a: 5, b: 1, c: 9 }, { b: 2, a: 1, c: 0 }],
    ['5 = 5 < 9: both have the higher rank', { a: 5, b: 5, c: 9 }, { a: 2, b: 2, c: 0 }],
    ['1 < 5 = 5: both have the higher rank', { a: 5, b: 5, c: 1 }, { c: 2, a: 1, b: 1 }],
    ['all equal: all have the highest', { a: 7, b: 7 }, { a: 1, b: 1 }],
    ['-2^31 is no more than the smallest int: a rank above all', { a: -(2 ** 31), b: 0 }, { a: 2, b: 0 }],
    ['none', {}, {}],
  ];
  for (const [title, costs, ranks] of cases) {
    it(title, () => {
      expect(Object.fromEntries(ranksOf(new Map(Object.entries(costs))))).to.deep.equal(ranks);
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
