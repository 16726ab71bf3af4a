/** A cost as the engine books it. */
export interface BookedCost {
  readonly hostId: string;
  /** A Java int; lower is better. */
  readonly cost: number;
  /** Undefined for a row of two and for a unit that the policy does not have: booked under no unit, with factor 1. */
  readonly unit: string | undefined;
}

/** What a selector chooses from. */
export interface SelectorInput {
  readonly costs: readonly BookedCost[];
  /** Hosts that passed the filters. */
  readonly candidates: readonly string[];
  /** The policy's factors, by unit. */
  readonly factors: ReadonlyMap<string, number>;
}

/** What a selector found. */
export interface Selection {
  /** The best host; several when they tie, of which the engine takes whichever its hash map has first. */
  readonly winners: readonly string[];
  /** What each host came to: at RankSelector higher is better, at BasicWeighting lower. */
  readonly totals: ReadonlyMap<string, number>;
}

const MIN_INT32 = -(2 ** 31);

/**
 * Selects as the engine's default selector does (policyunits/RankSelectorPolicyUnit.java). In each unit a host's rank is the number of
 * hosts that cost more; hosts of equal cost share the highest rank among them. A host that is missing from a unit gets
 * cost 0, and one that is no candidate takes part all the same. The highest sum of factor x rank wins.
 */
export function selectByRank({ costs, candidates, factors }: SelectorInput): Selection {
  const totals = new Map<string, number>();
  for (const [unit, costOf] of costsByUnit(costs)) {
    for (const id of candidates) if (!costOf.has(id)) costOf.set(id, 0);
    const factor = factorOf(unit, factors);
    for (const [id, rank] of ranksOf(costOf)) totals.set(id, addInt(totals.get(id), factor, rank));
  }
  return { totals, winners: winnersOf(totals, (total, best) => total > best) };
}

/**
 * Selects as the engine's other selector does (policyunits/BasicWeightSelectorPolicyUnit.java): the lowest sum of factor x cost wins. A host
 * for which no row came is not considered.
 */
export function selectByWeight({ costs, factors }: Omit<SelectorInput, 'candidates'>): Selection {
  const totals = new Map<string, number>();
  for (const { hostId, cost, unit } of costs) {
    totals.set(hostId, addInt(totals.get(hostId), factorOf(unit, factors), cost));
  }
  return { totals, winners: winnersOf(totals, (total, best) => total < best) };
}

/** Returns the ranks that one unit's costs give. */
export function ranksOf(costOf: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  let worse = costOf.size;
  let rank = costOf.size;
  // As in the engine, nothing is more than the smallest int: such costs keep a rank of their own above all others.
  let last = MIN_INT32;
  for (const [id, cost] of [...costOf].sort(([, a], [, b]) => a - b)) {
    worse--;
    if (cost > last) {
      rank = worse;
      last = cost;
    }
    ranks.set(id, rank);
  }
  return ranks;
}

/** Engines since 4.4.0 add up the costs of a host that a unit names twice; older ones take the last. */
function costsByUnit(costs: readonly BookedCost[]): Map<string | undefined, Map<string, number>> {
  const byUnit = new Map<string | undefined, Map<string, number>>();
  for (const { unit, hostId, cost } of costs) {
    let costOf = byUnit.get(unit);
    if (costOf === undefined) byUnit.set(unit, (costOf = new Map<string, number>()));
    costOf.set(hostId, addInt(costOf.get(hostId), 1, cost));
  }
  return byUnit;
}

function factorOf(unit: string | undefined, factors: ReadonlyMap<string, number>): number {
  return unit === undefined ? 1 : (factors.get(unit) ?? 1);
}

/** sum + factor x value as Java ints have it: what leaves 32 bits wraps around. */
function addInt(sum = 0, factor: number, value: number): number {
  return (sum + Math.imul(factor, value)) | 0;
}

/** Goes through the totals one by one: there may be more of them than one call takes arguments. */
function winnersOf(
  totals: ReadonlyMap<string, number>,
  isBetter: (total: number, best: number) => boolean,
): readonly string[] {
  let best: number | undefined;
  for (const total of totals.values()) if (best === undefined || isBetter(total, best)) best = total;
  return [...totals].flatMap(([id, total]) => (total === best ? [id] : []));
}
