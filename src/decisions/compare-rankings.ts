import type { ShadowResult } from '../domain/decision.js';

/** Best hosts of either ranking that are compared: a caller whose first choice fails takes one of the next. */
export const TOP_HOSTS = 5;

/** The difference of two rankings of the same hosts. */
export interface RankingDifference extends Pick<
  ShadowResult,
  'winnerChanged' | 'tau' | 'topOverlap' | 'regret'
> {
  /** Place of the host that the other ranking has as its best; of equal ones the first. Absent: it ranks none. */
  readonly winner?: number | undefined;
}

/**
 * Compares two rankings of hosts by total, higher is better. Of equal totals the first host wins, as for whoever takes
 * the first of the best. The other ranking has NaN for hosts that it does not rank.
 */
export function compareRankings(ours: Float64Array, others: Float64Array): RankingDifference {
  const ourTop = topOf(ours);
  const otherTop = topOf(others);
  const [ourBest = -1] = ourTop;
  const [winner] = otherTop;
  const ranked = ours.filter((_, host) => !isNaN(others[host] ?? NaN));
  return {
    winner,
    winnerChanged: winner !== ourTop[0],
    tau: kendallTau(
      ranked,
      others.filter((total) => !isNaN(total)),
    ),
    topOverlap: otherTop.filter((host) => ourTop.includes(host)).length,
    regret: winner === undefined ? undefined : (ours[ourBest] ?? 0) - (ours[winner] ?? 0),
  };
}

/** Returns the places of the best totals, the best first. */
function topOf(totals: Float64Array): readonly number[] {
  const top: number[] = [];
  const totalAt = (host: number | undefined) => totals[host ?? -1] ?? -Infinity;
  for (let host = 0; host < totals.length; host++) {
    const total = totalAt(host);
    if (isNaN(total) || (top.length === TOP_HOSTS && total <= totalAt(top.at(-1)))) continue;
    const above = top.findIndex((better) => total > totalAt(better));
    top.splice(above < 0 ? top.length : above, 0, host);
    top.length = Math.min(top.length, TOP_HOSTS);
  }
  return top;
}

/**
 * Returns Kendall's tau-b of two series: 1 for the same order, -1 for the reverse, ties allowed for. Undefined when one of
 * them has no order, since all its values are equal. By Knight's method, in O(n log n): after sorting by the first series,
 * the discordant pairs are the swaps that sorting by the second one takes.
 */
export function kendallTau(first: Float64Array, second: Float64Array): number | undefined {
  const size = first.length;
  const at = (series: Float64Array, place = 0) => series[place] ?? 0;
  const order = Array.from({ length: size }, (_, place) => place).sort(
    (left, right) => at(first, left) - at(first, right) || at(second, left) - at(second, right),
  );
  const bySecond = Float64Array.from(order, (place) => at(second, place));
  const pairs = pairsOf(size);
  const tiedFirst = tiedPairs(size, (place) => at(first, order[place]) === at(first, order[place - 1]));
  const tiedBoth = tiedPairs(
    size,
    (place) =>
      at(first, order[place]) === at(first, order[place - 1]) && bySecond[place] === bySecond[place - 1],
  );
  const swaps = sortCountingSwaps(bySecond);
  const tiedSecond = tiedPairs(size, (place) => bySecond[place] === bySecond[place - 1]);
  if (tiedFirst === pairs || tiedSecond === pairs) return undefined;
  const concordantLessDiscordant = pairs - tiedFirst - tiedSecond + tiedBoth - 2 * swaps;
  return concordantLessDiscordant / Math.sqrt((pairs - tiedFirst) * (pairs - tiedSecond));
}

function pairsOf(size: number): number {
  return (size * (size - 1)) / 2;
}

/** Counts the pairs within runs of equals. */
function tiedPairs(size: number, equalsTheOneBefore: (place: number) => boolean): number {
  let pairs = 0;
  let run = 1;
  for (let place = 1; place <= size; place++) {
    if (place < size && equalsTheOneBefore(place)) run++;
    else {
      pairs += pairsOf(run);
      run = 1;
    }
  }
  return pairs;
}

/** Sorts by merging, and returns the number of pairs that stood in the wrong order. */
function sortCountingSwaps(values: Float64Array): number {
  const { length } = values;
  let swaps = 0;
  const merged = new Float64Array(length);
  for (let width = 1; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      const middle = Math.min(start + width, length);
      const end = Math.min(middle + width, length);
      let left = start;
      let right = middle;
      for (let place = start; place < end; place++) {
        const [fromLeft = 0, fromRight = 0] = [values[left], values[right]];
        if (left < middle && (right >= end || fromLeft <= fromRight)) {
          merged[place] = fromLeft;
          left++;
        } else {
          merged[place] = fromRight;
          right++;
          swaps += middle - left;
        }
      }
    }
    values.set(merged);
  }
  return swaps;
}
