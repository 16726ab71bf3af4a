/** A column of a ranking: what one unit gives each host. */
export interface RankedColumn {
  readonly unit: string;
  /** Integer of 0 or more. */
  readonly weight: number;
  /** One integer for each host; higher is better. */
  readonly values: ArrayLike<number>;
}

/**
 * A ranking of hosts by the sum of weight x value, in integers: linear in each weight, so that what would have changed it
 * can be computed exactly. The products and sums of a ranking stay below 2^52.
 */
export interface Ranking {
  readonly hosts: number;
  readonly columns: readonly RankedColumn[];
  /** One number for each host: of those with the best total, the host with the lowest wins. */
  readonly tieOrder: ArrayLike<number>;
}

/** Weights of one unit, from one to another, for which the same host wins while all other weights stay. */
export interface WeightRange {
  /** Index of the host that wins. */
  readonly winner: number;
  readonly from: number;
  /** Last weight of the range; Infinity for every weight from the first on. */
  readonly to: number;
}

/** Returns the total of each host. */
export function totalsOf({ hosts, columns }: Ranking): number[] {
  const totals = new Array<number>(hosts).fill(0);
  for (const { weight, values } of columns) {
    for (let host = 0; host < hosts; host++) totals[host] = at(totals, host) + weight * at(values, host);
  }
  return totals;
}

/** Returns the hosts by their totals, the best first; in a tie the one that wins it first. */
export function orderOf({ tieOrder }: Pick<Ranking, 'tieOrder'>, totals: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: totals.length }, (_, host) => host);
  return order.sort(
    (left, right) => at(totals, right) - at(totals, left) || at(tieOrder, left) - at(tieOrder, right),
  );
}

/**
 * Returns the winner for every weight of one unit from 0 on, as ranges in ascending order that leave no gap. The winner as a
 * function of the weight is the upper envelope of the lines (total without the unit) + weight x value, looked at where the
 * weight is an integer. Empty without hosts.
 */
export function weightRanges(ranking: Ranking, column: number): readonly WeightRange[] {
  const envelope: { readonly line: Line; readonly from: number }[] = [];
  for (const line of linesOf(ranking, column)) {
    let from = 0;
    // A line that is overtaken before it would be the highest never is; each goes once, so that the time is in proportion to the lines.
    for (let last = envelope.at(-1); last !== undefined; last = envelope.at(-1)) {
      from = Math.max(0, overtakingWeight(line, last.line));
      if (from > last.from) break;
      envelope.pop();
      from = 0;
    }
    envelope.push({ line, from });
  }
  return envelope.map(({ line: { host: winner }, from }, place) => ({
    ...{ winner, from },
    to: (envelope[place + 1]?.from ?? Infinity) - 1,
  }));
}

/**
 * Returns the weight of one unit nearest to its own with which a host wins while all other weights stay; of two that are
 * equally near the lower one. Undefined: it wins with none.
 */
export function nearestWinningWeight(
  ranges: readonly WeightRange[],
  host: number,
  weight: number,
): number | undefined {
  let nearest: number | undefined;
  for (const { winner, from, to } of ranges) {
    if (winner !== host) continue;
    const inRange = Math.max(from, Math.min(to, weight));
    if (nearest === undefined || Math.abs(inRange - weight) < Math.abs(nearest - weight)) nearest = inRange;
  }
  return nearest;
}

/**
 * Returns the lowest value of one unit with which a host would win while all else stays. Undefined: with none, since the
 * weight is 0. A value above the unit's highest says that no value of the unit would do.
 */
export function winningValue(ranking: Ranking, column: number, host: number): number | undefined {
  const { weight, values } = ranking.columns[column] ?? { weight: 0, values: [] };
  const totals = totalsOf(ranking);
  const own = at(values, host);
  let missing = 0;
  for (let other = 0; other < ranking.hosts; other++) {
    if (other === host) continue;
    const behind = at(totals, other) - at(totals, host);
    missing = Math.max(missing, losesTie(ranking, host, other) ? behind + 1 : behind);
  }
  if (missing === 0) return own;
  return weight === 0 ? undefined : own + Math.ceil(missing / weight);
}

function losesTie({ tieOrder }: Ranking, host: number, other: number): boolean {
  return at(tieOrder, other) < at(tieOrder, host);
}

/** The total of a host as a function of the weight of one unit. */
interface Line {
  readonly host: number;
  /** Total at weight 0. */
  readonly base: number;
  readonly slope: number;
  readonly tie: number;
}

/** Returns one line of each slope, the one above all others of it, with ascending slopes. */
function linesOf(ranking: Ranking, column: number): readonly Line[] {
  const { weight, values } = ranking.columns[column] ?? { weight: 0, values: [] };
  const totals = totalsOf(ranking);
  const bySlope = new Map<number, Line>();
  for (let host = 0; host < ranking.hosts; host++) {
    const slope = at(values, host);
    const line = { host, slope, base: at(totals, host) - weight * slope, tie: at(ranking.tieOrder, host) };
    const rival = bySlope.get(slope);
    if (rival === undefined || isAbove(line, rival, 0)) bySlope.set(slope, line);
  }
  return [...bySlope.values()].sort((left, right) => left.slope - right.slope);
}

function isAbove(line: Line, rival: Line, weight: number): boolean {
  const ahead = line.base - rival.base + weight * (line.slope - rival.slope);
  return ahead > 0 || (ahead === 0 && line.tie < rival.tie);
}

/** Returns the first weight from which a line is above a less steep one. */
function overtakingWeight(line: Line, rival: Line): number {
  const whole = Math.ceil((rival.base - line.base) / (line.slope - rival.slope));
  return isAbove(line, rival, whole) ? whole : whole + 1;
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? 0;
}
