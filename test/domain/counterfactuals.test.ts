import { expect } from 'chai';
import fc from 'fast-check';
import {
  nearestWinningWeight,
  orderOf,
  totalsOf,
  weightRanges,
  winningValue,
  type Ranking,
} from '../../src/domain/counterfactuals.js';

/** A ranking with the hosts' own order in ties. */
function rankingOf(columns: readonly (readonly [weight: number, ...values: number[]])[]): Ranking {
  const hosts = (columns[0]?.length ?? 1) - 1;
  return {
    hosts,
    columns: columns.map(([weight, ...values], place) => ({ unit: `u${place}`, weight, values })),
    tieOrder: Array.from({ length: hosts }, (_, host) => host),
  };
}

describe('counterfactuals', () => {
  for (const { title, columns, ranges } of [
    {
      title: 'A 2x10, B 1x10 + 10: B at 0, a tie at 1 that A wins, A from then on',
      columns: [
        [2, 20, 10],
        [1, 0, 10],
      ] as const,
      ranges: ['B 0..0', 'A 1..Infinity'],
    },
    { title: 'one host wins with any weight', columns: [[3, 40]] as const, ranges: ['A 0..Infinity'] },
    {
      title: 'a unit of equal values changes nothing',
      columns: [[3, 7, 7]] as const,
      ranges: ['A 0..Infinity'],
    },
    {
      title: 'weight 0 counts: A leads by 100, B gains 30 a point of weight, so B from 4 on (4 x 30 > 100)',
      columns: [
        [0, 0, 30],
        [1, 100, 0],
      ] as const,
      ranges: ['A 0..3', 'B 4..Infinity'],
    },
    {
      title:
        'three lines: 100 + 0w, 80 + 10w, 0 + 30w: A to 2 (a tie at 2 is the first host’s), B 3 and 4, C from 5 on',
      columns: [
        [1, 0, 10, 30],
        [1, 100, 80, 0],
      ] as const,
      ranges: ['A 0..2', 'B 3..4', 'C 5..Infinity'],
    },
    { title: 'no hosts: no range', columns: [[1]] as const, ranges: [] },
  ]) {
    it(`names who wins by weight: ${title}`, () => {
      const found = weightRanges(rankingOf(columns), 0);
      expect(found.map(({ winner, from, to }) => `${'ABC'[winner] ?? ''} ${from}..${to}`)).to.deep.equal(
        ranges,
      );
    });
  }

  it('names 10,000 winners, one a weight: of lines wn - n(n - 1)/2, n and n + 1 are equal at w = n, where the first host wins', () => {
    const slopes = Array.from({ length: 10_000 }, (_, n) => n);
    const bases = slopes.map((n) => (-n * (n - 1)) / 2);
    const ranges = weightRanges(
      rankingOf([
        [0, ...slopes],
        [1, ...bases],
      ]),
      0,
    );
    expect(ranges).to.deep.equal(slopes.map((n) => ({ winner: n, from: n, to: n === 9999 ? Infinity : n })));
  });

  it('agrees with brute force over all weights, 10,000 random worlds, with ties in the order given', function () {
    this.timeout(60_000);
    const column = (hosts: number) =>
      fc.tuple(
        fc.nat(3),
        fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.nat(20)), {
          minLength: hosts,
          maxLength: hosts,
        }),
      );
    const worlds = fc.integer({ min: 1, max: 6 }).chain((hosts) =>
      fc.record({
        hosts: fc.constant(hosts),
        columns: fc.array(column(hosts), { minLength: 1, maxLength: 4 }),
        tieOrder: fc.shuffledSubarray(
          Array.from({ length: hosts }, (_, host) => host),
          { minLength: hosts },
        ),
      }),
    );
    const check = fc.property(worlds, ({ hosts, columns, tieOrder }) => {
      const ranking: Ranking = {
        hosts,
        tieOrder,
        columns: columns.map(([weight, values], place) => ({ unit: `u${place}`, weight, values })),
      };
      for (const [place, { weight, values }] of ranking.columns.entries()) {
        // Three other units, weights of at most 3, values at most 23 apart: no two lines cross beyond 3 x 3 x 23 + 1.
        const last = 3 * 3 * 23 + 1;
        const winners = Array.from({ length: last + 1 }, (_, tried) => bruteWinner(ranking, place, tried));
        const ranges = weightRanges(ranking, place);
        expect(ranges[0]?.from).to.equal(0);
        expect(ranges.at(-1)?.to).to.equal(Infinity);
        let tried = 0;
        for (const { winner, from, to } of ranges) {
          expect(from).to.equal(tried);
          for (; tried <= Math.min(to, last); tried++)
            if (winners[tried] !== winner) expect.fail(`weight ${tried}: ${winners[tried]}, not ${winner}`);
        }
        for (let host = 0; host < hosts; host++) {
          expectNearest(nearestWinningWeight(ranges, host, weight), winners, host, weight);
          expectWinningValue(ranking, place, host, values);
        }
      }
      expect(orderOf(ranking, totalsOf(ranking))[0]).to.equal(
        bruteWinner(ranking, 0, ranking.columns[0]?.weight ?? 0),
      );
    });
    fc.assert(check, { numRuns: 10_000 });
  });
});

/** The winner when one unit has another weight, by its definition. */
function bruteWinner({ hosts, columns, tieOrder }: Ranking, place: number, tried: number): number {
  let best = -1;
  let bestTotal = -Infinity;
  for (let host = 0; host < hosts; host++) {
    let total = 0;
    for (const [index, { weight, values }] of columns.entries()) {
      total += (index === place ? tried : weight) * (values[host] ?? 0);
    }
    const wins = total > bestTotal || (total === bestTotal && (tieOrder[host] ?? 0) < (tieOrder[best] ?? 0));
    if (wins) [best, bestTotal] = [host, total];
  }
  return best;
}

function expectNearest(
  nearest: number | undefined,
  winners: readonly number[],
  host: number,
  weight: number,
): void {
  const wins = winners.flatMap((winner, tried) => (winner === host ? [tried] : []));
  const distance = Math.min(...wins.map((tried) => Math.abs(tried - weight)));
  expect(nearest === undefined ? Infinity : Math.abs(nearest - weight)).to.equal(distance);
}

function expectWinningValue(ranking: Ranking, place: number, host: number, values: ArrayLike<number>): void {
  const needed = winningValue(ranking, place, host);
  const weight = ranking.columns[place]?.weight ?? 0;
  const winnerWith = (value: number) => {
    const columns = ranking.columns.map((column, index) =>
      index === place
        ? { ...column, values: Array.from(values, (old, at) => (at === host ? value : old)) }
        : column,
    );
    return bruteWinner({ ...ranking, columns }, place, weight);
  };
  if (needed === undefined) {
    expect(weight).to.equal(0);
    return;
  }
  expect(winnerWith(needed)).to.equal(host);
  if (needed > (values[host] ?? 0)) expect(winnerWith(needed - 1)).not.to.equal(host);
}
