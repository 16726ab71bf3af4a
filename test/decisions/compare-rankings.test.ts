import { expect } from 'chai';
import fc from 'fast-check';
import { compareRankings, kendallTau, TOP_HOSTS } from '../../src/decisions/compare-rankings.js';

const series = (...values: readonly number[]) => Float64Array.from(values);

/** Tau-b by its definition, over all pairs. */
function tauByPairs(first: readonly number[], second: readonly number[]): number | undefined {
  let [difference, orderedFirst, orderedSecond] = [0, 0, 0];
  for (let left = 0; left < first.length; left++) {
    for (let right = 0; right < left; right++) {
      const one = Math.sign((first[left] ?? 0) - (first[right] ?? 0));
      const two = Math.sign((second[left] ?? 0) - (second[right] ?? 0));
      difference += one * two;
      orderedFirst += Math.abs(one);
      orderedSecond += Math.abs(two);
    }
  }
  const product = orderedFirst * orderedSecond;
  return product === 0 ? undefined : difference / Math.sqrt(product);
}

describe('the comparison of rankings', () => {
  for (const { title, first, second, tau } of [
    { title: 'the same order', first: series(1, 2, 3), second: series(10, 20, 30), tau: 1 },
    { title: 'the reverse', first: series(1, 2, 3), second: series(3, 2, 1), tau: -1 },
    {
      title: 'one of three pairs swapped: (2 - 1) / 3',
      first: series(1, 2, 3),
      second: series(2, 1, 3),
      tau: 1 / 3,
    },
    {
      title: 'one tie: 2 / sqrt(2 x 3)',
      first: series(1, 1, 2),
      second: series(1, 2, 3),
      tau: 2 / Math.sqrt(6),
    },
    { title: 'no order in one of them', first: series(5, 5, 5), second: series(1, 2, 3), tau: undefined },
    { title: 'one host', first: series(1), second: series(1), tau: undefined },
    { title: 'no host', first: series(), second: series(), tau: undefined },
  ]) {
    it(`gives Kendall's tau-b: ${title}`, () => {
      expect(kendallTau(first, second)).to.equal(tau);
    });
  }

  it("agrees with the definition of Kendall's tau-b, with many ties and with few, 2,000 pairs of series", () => {
    const pairs = (max: number) => fc.array(fc.tuple(fc.nat(max), fc.nat(max)), { maxLength: 60 });
    fc.assert(
      fc.property(fc.oneof(pairs(3), pairs(1000)), (both) => {
        const [first, second] = [both.map(([one]) => one), both.map(([, two]) => two)];
        expect(kendallTau(series(...first), series(...second))).to.equal(tauByPairs(first, second));
      }),
      { numRuns: 2000 },
    );
  });

  for (const { title, ours, others, difference } of [
    {
      title: 'the same: nothing changed, all three among the best',
      ours: series(30, 20, 10),
      others: series(3, 2, 1),
      difference: { winner: 0, winnerChanged: false, tau: 1, topOverlap: 3, regret: 0 },
    },
    {
      title: 'another winner, 30 - 10 points behind ours',
      ours: series(30, 20, 10),
      others: series(1, 2, 3),
      difference: { winner: 2, winnerChanged: true, tau: -1, topOverlap: 3, regret: 20 },
    },
    {
      title: 'of equal totals the first host wins',
      ours: series(5, 7, 7),
      others: series(1, 4, 4),
      difference: { winner: 1, winnerChanged: false, tau: 1, topOverlap: 3, regret: 0 },
    },
    {
      title: 'the best five of seven, reversed: three in common',
      ours: series(7, 6, 5, 4, 3, 2, 1),
      others: series(1, 2, 3, 4, 5, 6, 7),
      difference: { winner: 6, winnerChanged: true, tau: -1, topOverlap: 3, regret: 6 },
    },
    {
      title: 'all seven equal: the first five of both',
      ours: series(1, 1, 1, 1, 1, 1, 1),
      others: series(0, 0, 0, 0, 0, 9, 9),
      difference: { winner: 5, winnerChanged: true, tau: undefined, topOverlap: 3, regret: 0 },
    },
    {
      title: 'a host that the other does not rank is not compared, and our best is lost with it',
      ours: series(9, 5, 4, 3),
      others: series(NaN, 1, 2, 3),
      difference: { winner: 3, winnerChanged: true, tau: -1, topOverlap: 3, regret: 6 },
    },
    {
      title: 'the other ranks none',
      ours: series(9, 5),
      others: series(NaN, NaN),
      difference: {
        winner: undefined,
        winnerChanged: true,
        tau: undefined,
        topOverlap: 0,
        regret: undefined,
      },
    },
  ]) {
    it(`says how two rankings differ: ${title}`, () => {
      expect(compareRankings(ours, others)).to.deep.equal(difference);
    });
  }

  it(`takes the ${TOP_HOSTS} best that sorting gives, 1,000 pairs of rankings`, () => {
    const totals = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 30 });
    const top = (values: readonly number[]) =>
      values
        .map((total, host) => ({ total, host }))
        .sort((left, right) => right.total - left.total || left.host - right.host)
        .slice(0, TOP_HOSTS)
        .map(({ host }) => host);
    fc.assert(
      fc.property(totals, (both) => {
        const [ours, others] = [both.map(([one]) => one), both.map(([, two]) => two)];
        const { winner, topOverlap } = compareRankings(series(...ours), series(...others));
        expect(winner).to.equal(top(others)[0]);
        expect(topOverlap).to.equal(top(others).filter((host) => top(ours).includes(host)).length);
      }),
      { numRuns: 1000 },
    );
  });
});
