/** A cost as the engine books it. */
export interface BookedCost {
  readonly hostId: string;
  /** A Java int; lower is better. */
  readonly cost: number;
  /** Undefined for a row of two or an unknown unit: booked under no unit, with factor 1. */
  readonly unit: string | undefined;
}

/** The input of a selector. */
export interface SelectorInput {
  readonly costs: readonly BookedCost[];
  /** Hosts that passed the filters. */
  readonly candidates: readonly string[];
  /** The policy's factors, by unit. */
  readonly factors: ReadonlyMap<string, number>;
}

/** The result of a selector. */
export interface Selection {
  /** The best host, or several in a tie, in the order of the engine's hash map: it takes the first. */
  readonly winners: readonly string[];
  /** Total of each host: higher is better for RankSelector, lower for BasicWeighting. */
  readonly totals: ReadonlyMap<string, number>;
}

const MIN_INT32 = -(2 ** 31);

/**
 * Selects like the engine's default selector (policyunits/RankSelectorPolicyUnit.java). In each unit a host's rank is the
 * number of hosts that cost more; hosts of equal cost share the highest rank among them. A host missing from a unit gets
 * cost 0, and a host that is no candidate takes part too. The highest sum of factor x rank wins.
 */
export function selectByRank({ costs, candidates, factors }: SelectorInput): Selection {
  const totals = new Map<string, number>();
  for (const [unit, costOf] of costsByUnit(costs)) {
    for (const id of candidates) if (!costOf.has(id)) costOf.set(id, 0);
    const factor = factorOf(unit, factors);
    for (const [id, rank] of ranksOf(costOf)) totals.set(id, addInt(totals.get(id), factor, rank));
  }
  return {
    totals,
    winners: inHashOrder(
      winnersOf(totals, (total, best) => total > best),
      totals.size,
    ),
  };
}

/**
 * Selects like the engine's other selector (policyunits/BasicWeightSelectorPolicyUnit.java): the lowest sum of factor x
 * cost wins. A host without a row is not considered.
 */
export function selectByWeight({ costs, factors }: Omit<SelectorInput, 'candidates'>): Selection {
  const totals = new Map<string, number>();
  for (const { hostId, cost, unit } of costs) {
    totals.set(hostId, addInt(totals.get(hostId), factorOf(unit, factors), cost));
  }
  return {
    totals,
    winners: inHashOrder(
      winnersOf(totals, (total, best) => total < best),
      totals.size,
    ),
  };
}

/** Returns the rank of each host by the costs of one unit. */
export function ranksOf(costOf: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  let worse = costOf.size;
  let rank = costOf.size;
  // As in the engine, no cost exceeds the smallest int: such costs keep a rank of their own above all others.
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

/** Groups costs by unit. Engines since 4.4.0 add up the costs of a host that a unit names twice; older ones take the last. */
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

/** Returns sum + factor x value in Java int arithmetic, which wraps around. */
function addInt(sum = 0, factor: number, value: number): number {
  return (sum + Math.imul(factor, value)) | 0;
}

/** Slots of a new HashMap of Java, which doubles them when more than three quarters are taken. */
const FIRST_SLOTS = 16;

/**
 * Orders ids as a HashMap<Guid, ...> of Java with that many entries has them: by slot. Those that share a slot stay in the
 * order given: theirs depends on the internal units too.
 */
function inHashOrder(ids: readonly string[], entries: number): readonly string[] {
  let slots = FIRST_SLOTS;
  while (entries > slots * 0.75) slots *= 2;
  const slotOf = new Map(ids.map((id) => [id, hashOf(id) & (slots - 1)]));
  return [...ids].sort((left, right) => (slotOf.get(left) ?? 0) - (slotOf.get(right) ?? 0));
}

/** Returns the place that each of some ids has among them in a HashMap<Guid, ...> of Java that holds just these. */
export function hashOrderOf(ids: readonly string[]): readonly number[] {
  const placeOf = new Map(inHashOrder(ids, ids.length).map((id, place) => [id, place]));
  return ids.map((id) => placeOf.get(id) ?? 0);
}

/** Returns the hash of a UUID as HashMap spreads it: that of java.util.UUID, its upper half folded into the lower one. */
function hashOf(id: string): number {
  const digits = id.replaceAll('-', '');
  let hash = 0;
  for (let at = 0; at < digits.length; at += 8) hash ^= Number.parseInt(digits.slice(at, at + 8), 16);
  return hash ^ (hash >>> 16);
}

/** Returns the hosts with the best total. Loops, since Math.max takes only so many arguments. */
function winnersOf(
  totals: ReadonlyMap<string, number>,
  isBetter: (total: number, best: number) => boolean,
): readonly string[] {
  let best: number | undefined;
  for (const total of totals.values()) if (best === undefined || isBetter(total, best)) best = total;
  return [...totals].flatMap(([id, total]) => (total === best ? [id] : []));
}
