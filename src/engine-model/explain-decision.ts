import { MAX_INT32, MAX_SCORE, type UnitCounterfactual, type UnitFailure } from '../domain/contract.js';
import {
  nearestWinningWeight,
  orderOf,
  totalsOf,
  weightRanges,
  winningValue,
} from '../domain/counterfactuals.js';
import type { DecidedHost, DecidedReason, Decision } from '../domain/decision.js';
import { rankingOf, type DecisionRanking, type InternalUnit, type RankingScale } from './decision-ranking.js';

/** A unit of an explanation. */
export interface ExplainedUnit {
  readonly name: string;
  readonly weight: number;
  /** True for a unit of the engine itself. */
  readonly internal: boolean;
}

/** A host in the order of its total. */
export interface ExplainedHost {
  readonly host: DecidedHost;
  readonly total: number;
  /** Unweighted value of each unit, in the order of the units. */
  readonly values: readonly number[];
  readonly reasons: readonly DecidedReason[];
}

/** Points by which the winner leads another host in a unit, weight included; negative where it trails. */
export interface UnitLead {
  readonly unit: string;
  readonly points: number;
}

/** A change of one unit with which a host would win. */
export interface UnitChange {
  readonly unit: string;
  readonly value: number;
  /** Lowest value with which the host wins. Absent: no value would do. */
  readonly neededValue?: number | undefined;
  /** Weight nearest to the unit's own with which the host wins. Absent: no weight would do. */
  readonly neededWeight?: number | undefined;
}

/** A filter that rejects a host. */
export interface ExplainedRejection {
  readonly host: DecidedHost;
  readonly unit: string;
  /** The filter's own words. Absent: they were not kept. */
  readonly reason?: string | undefined;
}

/** Why a named host was not chosen. */
export interface Versus {
  readonly host: DecidedHost;
  /** Place in the ranking, 1 for the best. Absent: the host was no candidate. */
  readonly place?: number | undefined;
  /** Points behind the winner. */
  readonly behind?: number | undefined;
  readonly leads: readonly UnitLead[];
  readonly changes: readonly UnitChange[];
  readonly rejections: readonly ExplainedRejection[];
}

/** The part that our units have in a choice of the engine, against its own. */
export interface Share {
  /** Points by which our units and the engine's own put the winner ahead of the runner-up. */
  readonly ours: number;
  readonly internal: number;
  /** Winner without our units. Absent: there would have been none. */
  readonly winnerWithout?: DecidedHost | undefined;
}

/** Why a decision came out as it did, and what would have changed it. */
export interface Explanation {
  /** Absent for a decision that ranks no hosts. */
  readonly scale?: RankingScale | undefined;
  readonly units: readonly ExplainedUnit[];
  readonly failures: readonly { readonly unit: string; readonly failure: UnitFailure }[];
  /** The best host first. */
  readonly ranking: readonly ExplainedHost[];
  /** Lead of the winner over the runner-up in each unit, the largest first. */
  readonly leads: readonly UnitLead[];
  /** The effect of the weight of each unit on the choice. */
  readonly weights: readonly UnitCounterfactual[];
  readonly rejections: readonly ExplainedRejection[];
  readonly versus?: Versus | undefined;
  /** Only with units of the engine. */
  readonly share?: Share | undefined;
  /** False when a total leaves 32 bits, in which the engine computes: its numbers then wrap around, and these do not. */
  readonly isExact: boolean;
}

/** Facts that an explanation may use beside the decision. */
export interface ExplainOptions {
  /** Host to compare with the winner, by id. */
  readonly versus?: string | undefined;
  /** Call of filters that the same VM had before, from which a rejection of that host is told. */
  readonly filtered?: Decision | undefined;
  readonly internalUnits?: readonly InternalUnit[] | undefined;
}

/** Explains a decision. */
export function explainDecision(decision: Decision, options: ExplainOptions = {}): Explanation {
  const { versus, filtered, internalUnits } = options;
  const ranking = rankingOf(decision, internalUnits);
  const totals = totalsOf(ranking);
  const order = [...orderOf(ranking, totals)];
  const hostAt = (place: number): DecidedHost => ranking.candidates[place] ?? { id: '' };
  const reasonsOf = reasonsByHost(decision);
  const isRanked = decision.method === 'SCORE' && ranking.columns.length > 0;
  const weights = ranking.columns.map(({ unit, weight }, column) => ({
    unit,
    weight,
    ranges: weightRanges(ranking, column),
  }));
  const [best, second] = order;
  return {
    ...(isRanked ? { scale: ranking.scale } : {}),
    units: ranking.columns.map(({ unit: name, weight }, column) => ({
      name,
      weight,
      internal: ranking.internal.has(column),
    })),
    failures: decision.units.flatMap((unit) =>
      'failure' in unit ? [{ unit: unit.name, failure: unit.failure }] : [],
    ),
    ranking: isRanked
      ? order.map((place) => ({
          host: hostAt(place),
          total: totals[place] ?? 0,
          values: ranking.columns.map(({ values }) => values[place] ?? 0),
          reasons: reasonsOf.get(hostAt(place).id) ?? [],
        }))
      : [],
    leads: !isRanked || best === undefined || second === undefined ? [] : leadsOf(ranking, best, second),
    weights: isRanked
      ? weights.map(({ unit, weight, ranges }) => ({
          unit,
          weight,
          weights: ranges.map(({ winner, from, to }) => ({ hostId: hostAt(winner).id, from, to })),
        }))
      : [],
    rejections: rejectionsOf(decision),
    ...(versus === undefined ? {} : { versus: compare(versus) }),
    ...(ranking.internal.size === 0 ? {} : { share: shareOf(ranking, best, second) }),
    isExact: totals.every((total) => Math.abs(total) <= MAX_INT32),
  };

  function compare(hostId: string): Versus {
    const place = ranking.candidates.findIndex(({ id }) => id === hostId);
    const told = [...rejectionsOf(decision), ...(filtered === undefined ? [] : rejectionsOf(filtered))];
    const rejections = told.filter(({ host }) => host.id === hostId);
    if (!isRanked || place < 0 || best === undefined) {
      const host = rejections[0]?.host ?? decision.hosts.find(({ id }) => id === hostId) ?? { id: hostId };
      return { host, leads: [], changes: [], rejections };
    }
    return {
      host: hostAt(place),
      place: order.indexOf(place) + 1,
      behind: (totals[best] ?? 0) - (totals[place] ?? 0),
      leads: leadsOf(ranking, best, place),
      changes: place === best ? [] : changesFor(place),
      rejections,
    };
  }

  function changesFor(place: number): readonly UnitChange[] {
    const highest = highestValue(ranking);
    return ranking.columns.map(({ unit, weight, values }, column) => {
      const needed = winningValue(ranking, column, place);
      return {
        unit,
        value: values[place] ?? 0,
        neededValue: needed === undefined || needed > highest ? undefined : needed,
        neededWeight: nearestWinningWeight(weights[column]?.ranges ?? [], place, weight),
      };
    });
  }
}

/** Returns the highest value that a unit can give a host. */
function highestValue({ scale, hosts }: DecisionRanking): number {
  if (scale === 'SCORES') return MAX_SCORE;
  return scale === 'RANKS' ? hosts - 1 : MAX_INT32;
}

function leadsOf({ columns }: DecisionRanking, best: number, other: number): readonly UnitLead[] {
  return columns
    .map(({ unit, weight, values }) => ({
      unit,
      points: weight * ((values[best] ?? 0) - (values[other] ?? 0)),
    }))
    .sort((left, right) => right.points - left.points);
}

function shareOf(ranking: DecisionRanking, best: number | undefined, second: number | undefined): Share {
  const { columns, internal, candidates } = ranking;
  const leads = (isInternal: boolean) =>
    columns
      .filter((_, column) => internal.has(column) === isInternal)
      .reduce(
        (sum, { weight, values }) => sum + weight * ((values[best ?? -1] ?? 0) - (values[second ?? -1] ?? 0)),
        0,
      );
  const without = { ...ranking, columns: columns.filter((_, column) => internal.has(column)) };
  const winner = orderOf(without, totalsOf(without))[0];
  return {
    ours: leads(false),
    internal: leads(true),
    winnerWithout: winner === undefined ? undefined : candidates[winner],
  };
}

function rejectionsOf({ units, hosts, reasons }: Decision): readonly ExplainedRejection[] {
  return units.flatMap((unit) =>
    'accepted' in unit
      ? hosts.flatMap((host, place) => {
          if (unit.accepted[place] === 1) return [];
          const words = reasons.find(({ unit: name, hostId }) => name === unit.name && hostId === host.id);
          return [{ host, unit: unit.name, reason: words?.text }];
        })
      : [],
  );
}

function reasonsByHost({ reasons }: Decision): ReadonlyMap<string, readonly DecidedReason[]> {
  const byHost = new Map<string, DecidedReason[]>();
  for (const reason of reasons) {
    const ofHost = byHost.get(reason.hostId);
    if (ofHost === undefined) byHost.set(reason.hostId, [reason]);
    else ofHost.push(reason);
  }
  return byHost;
}
