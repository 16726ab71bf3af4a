import { rangeOf } from '../domain/score-sums.js';

/** A cost as the engine books it. */
export interface BookedCost {
  readonly hostId: string;
  /** A Java int; lower is better. */
  readonly cost: number;
  /** Undefined for a row of two or an unknown unit: booked under no unit, with factor 1. */
  readonly unit: string | undefined;
}

/** Costs as the engine books them, by unit: one of each for each host, 0 where a unit has none. */
export interface CostTable {
  readonly hostIds: readonly string[];
  readonly units: readonly { readonly unit?: string | undefined; readonly costs: readonly number[] }[];
}

/** Factors of a policy, by unit. */
type Factors = ReadonlyMap<string, number>;

/** The input of a selector. */
export interface SelectorInput {
  readonly costs: readonly BookedCost[];
  /** Hosts that passed the filters. */
  readonly candidates: readonly string[];
  readonly factors: Factors;
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
  const table = tableOf(costs, costs.length === 0 ? [] : candidates);
  return selection(table, rankTotals(table, factors), 'highest');
}

/**
 * Selects like the engine's other selector (policyunits/BasicWeightSelectorPolicyUnit.java): the lowest sum of factor x
 * cost wins. A host without a row is not considered.
 */
export function selectByWeight({ costs, factors }: Omit<SelectorInput, 'candidates'>): Selection {
  const table = tableOf(costs);
  return selection(table, weightTotals(table, factors), 'lowest');
}

/** Returns the host that {@link selectByRank} or {@link selectByWeight} picks from such costs; undefined for none. */
export function selectFrom(
  table: CostTable,
  factors: Factors,
  selector: 'rank' | 'weight',
): string | undefined {
  const isRank = selector === 'rank';
  const totals = isRank ? rankTotals(table, factors) : weightTotals(table, factors);
  return firstInHashOrder(bestOf(table, totals, isRank ? 'highest' : 'lowest'), table.hostIds.length);
}

function rankTotals({ hostIds, units }: CostTable, factors: Factors): readonly number[] {
  return sumsOf(
    hostIds.length,
    units.map(({ unit, costs }) => ({ factor: factorOf(unit, factors), values: ranksOf(costs) })),
  );
}

function weightTotals({ hostIds, units }: CostTable, factors: Factors): readonly number[] {
  return sumsOf(
    hostIds.length,
    units.map(({ unit, costs }) => ({ factor: factorOf(unit, factors), values: costs })),
  );
}

/** Returns the rank of each host by its cost in one unit. */
export function ranksOf(costs: readonly number[]): readonly number[] {
  const hosts = new Map<number, number>();
  for (const cost of costs) hosts.set(cost, (hosts.get(cost) ?? 0) + 1);
  const ranks = new Map<number, number>();
  let left = costs.length;
  for (const cost of [...hosts.keys()].sort((a, b) => a - b)) {
    // As in the engine, no cost exceeds the smallest int: such costs keep a rank of their own above all others.
    ranks.set(cost, cost === MIN_INT32 ? left : left - 1);
    left -= hosts.get(cost) ?? 0;
  }
  return costs.map((cost) => ranks.get(cost) ?? 0);
}

/** Books costs. Engines since 4.4.0 add up the costs of a host that a unit names twice; older ones take the last. */
function tableOf(costs: readonly BookedCost[], candidates: readonly string[] = []): CostTable {
  const hostIds = [...new Set([...costs.map(({ hostId }) => hostId), ...candidates])];
  const places = new Map(hostIds.map((id, place) => [id, place]));
  const units = new Map<string | undefined, number[]>();
  for (const { unit, hostId, cost } of costs) {
    let booked = units.get(unit);
    if (booked === undefined) units.set(unit, (booked = hostIds.map(() => 0)));
    const place = places.get(hostId) ?? 0;
    booked[place] = addInt(booked[place], 1, cost);
  }
  return { hostIds, units: [...units].map(([unit, costs]) => ({ unit, costs })) };
}

function factorOf(unit: string | undefined, factors: Factors): number {
  return unit === undefined ? 1 : (factors.get(unit) ?? 1);
}

/** Returns the sum of factor x value for each host. */
function sumsOf(
  hosts: number,
  units: readonly { readonly factor: number; readonly values: readonly number[] }[],
): readonly number[] {
  const sums = new Array<number>(hosts).fill(0);
  for (const { factor, values } of units) {
    for (let host = 0; host < hosts; host++) sums[host] = addInt(sums[host], factor, values[host] ?? 0);
  }
  return sums;
}

/** Returns sum + factor x value in Java int arithmetic, which wraps around. */
function addInt(sum = 0, factor: number, value: number): number {
  return (sum + Math.imul(factor, value)) | 0;
}

function selection(table: CostTable, totals: readonly number[], best: Best): Selection {
  return {
    totals: new Map(table.hostIds.map((id, place) => [id, totals[place] ?? 0])),
    winners: inHashOrder(bestOf(table, totals, best), table.hostIds.length),
  };
}

type Best = 'highest' | 'lowest';

/** Returns the hosts with the best total. */
function bestOf({ hostIds }: CostTable, totals: readonly number[], best: Best): readonly string[] {
  const { min, max } = rangeOf(totals);
  const winning = best === 'highest' ? max : min;
  return hostIds.filter((_, place) => totals[place] === winning);
}

/** Slots of a new HashMap of Java, which doubles them when more than three quarters are taken. */
const FIRST_SLOTS = 16;

/**
 * Orders ids as a HashMap<Guid, ...> of Java with that many entries has them: by slot. Those that share a slot stay in the
 * order given: theirs depends on the own units of the engine too.
 */
function inHashOrder(ids: readonly string[], entries: number): readonly string[] {
  const slotOf = new Map(ids.map((id) => [id, hashSlot(id, entries)]));
  return [...ids].sort((left, right) => (slotOf.get(left) ?? 0) - (slotOf.get(right) ?? 0));
}

/** Returns the id that such a HashMap has before the others; undefined for no ids. */
function firstInHashOrder(ids: readonly string[], entries: number): string | undefined {
  let first: string | undefined;
  let firstSlot = Infinity;
  for (const id of ids) {
    const slot = hashSlot(id, entries);
    if (slot < firstSlot) [first, firstSlot] = [id, slot];
  }
  return first;
}

/** Returns the slot that a HashMap<Guid, ...> of Java with that many entries has an id in. */
export function hashSlot(id: string, entries: number): number {
  let slots = FIRST_SLOTS;
  while (entries > slots * 0.75) slots *= 2;
  return hashOf(id) & (slots - 1);
}

/** Returns the place that each of some ids has among them in a HashMap<Guid, ...> of Java that holds just these. */
export function hashOrderOf(ids: readonly string[]): readonly number[] {
  const placeOf = new Map(inHashOrder(ids, ids.length).map((id, place) => [id, place]));
  return ids.map((id) => placeOf.get(id) ?? 0);
}

const HYPHEN = 45;

/** Returns the hash of a UUID in lower case as HashMap spreads it: that of java.util.UUID, its upper half folded into the lower one. */
function hashOf(id: string): number {
  let hash = 0;
  let shift = 32;
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at);
    if (code === HYPHEN) continue;
    shift = (shift || 32) - 4;
    // The letters follow on 9 in their last four bits: a is 0x61.
    hash ^= ((code & 15) + (code >> 6) * 9) << shift;
  }
  return hash ^ (hash >>> 16);
}
