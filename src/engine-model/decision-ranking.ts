import { scoresOfCosts } from '../domain/score-sums.js';
import { totalsOf, type RankedColumn, type Ranking } from '../domain/counterfactuals.js';
import type { DecidedHost, DecidedUnit, Decision } from '../domain/decision.js';
import { knownCosts, type Cost } from './costs.js';
import { hashOrderOf, hashSlot, ranksOf } from './selectors.js';

/**
 * The numbers by which a decision is ranked. `SCORES`: weighted scores of 0..100, as callers of ScoreHosts sum them up. `RANKS`:
 * the ranks that RankSelector gives for our costs. `COSTS`: costs as BasicWeighting adds them up, negated, so that higher is better.
 */
export type RankingScale = 'SCORES' | 'RANKS' | 'COSTS';

/** The costs that a unit of the engine itself gave the hosts, by host id. */
export interface InternalUnit {
  readonly name: string;
  readonly factor: number;
  readonly costs: ReadonlyMap<string, number>;
}

/** A decision as a ranking. */
export interface DecisionRanking extends Ranking {
  readonly scale: RankingScale;
  /** The hosts of the ranking: those of the decision, and for an engine also those that the inventory did not have. */
  readonly candidates: readonly DecidedHost[];
  /** Places of the columns that are the engine's own units. */
  readonly internal: ReadonlySet<number>;
}

const NONE_INTERNAL: ReadonlySet<number> = new Set();

type ScoredUnit = Extract<DecidedUnit, { readonly values: ArrayLike<number> }>;

/**
 * Returns the ranking of a decision by score: in the engine's terms for a call of an engine, which also decides by units of
 * its own, if they are given. Units that failed are left out, as they count nowhere.
 */
export function rankingOf(decision: Decision, internalUnits: readonly InternalUnit[] = []): DecisionRanking {
  const { hosts, units, selector } = decision;
  let tieOrder: readonly number[] | undefined;
  const scored = units.filter((unit): unit is ScoredUnit => 'values' in unit);
  if (selector === undefined) {
    return {
      scale: 'SCORES',
      hosts: hosts.length,
      candidates: hosts,
      columns: scored.map((unit) => columnOf(unit, scoresOf(unit))),
      get tieOrder() {
        return (tieOrder ??= hosts.map((_, place) => place));
      },
      internal: NONE_INTERNAL,
    };
  }
  const candidates = [...hosts, ...decision.unknownHostIds.map((id) => ({ id }))];
  const toColumn = selector === 'rank' ? ranksOf : negated;
  const ours = engineCosts(decision).map(({ unit, costs }) => columnOf(unit, toColumn(costs)));
  // A host that a unit has no cost for counts with 0 (RankSelectorPolicyUnit.java).
  const theirs = internalUnits.map(({ name, factor, costs }) => ({
    unit: name,
    weight: factor,
    values: toColumn(candidates.map(({ id }) => costs.get(id) ?? 0)),
  }));
  return {
    scale: selector === 'rank' ? 'RANKS' : 'COSTS',
    hosts: candidates.length,
    candidates,
    columns: [...ours, ...theirs],
    get tieOrder() {
      return (tieOrder ??= hashOrderOf(candidates.map(({ id }) => id)));
    },
    internal: new Set(theirs.map((_, place) => ours.length + place)),
  };
}

/** Returns the costs that each unit that answered gave an engine, for the hosts of the decision and those that were unknown. */
export function engineCosts({ unknownHostIds, units, rawScores }: Decision): readonly {
  readonly unit: DecidedUnit;
  readonly costs: readonly Cost[];
}[] {
  const mode = rawScores === true ? 'raw' : 'asCosts';
  return units.flatMap((unit) => {
    if (!('values' in unit)) return [];
    const { costs, unknown } = knownCosts({ values: unit.values, direction: unit.direction, mode });
    return [{ unit, costs: [...costs, ...unknownHostIds.map(() => unknown)] }];
  });
}

/**
 * Returns the places of the best host and the one after it, as far as there are so many; none when nothing ranks them. Of
 * equally good ones an engine's hash map is asked for the order of just these, since that of all takes long.
 */
export function bestTwo(ranking: DecisionRanking): readonly number[] {
  const { columns, candidates, scale } = ranking;
  if (columns.length === 0) return [];
  const totals = totalsOf(ranking);
  const slots: number[] = [];
  let [first, second] = [-1, -1];
  for (let place = 0; place < totals.length; place++) {
    if (!isBefore(place, second)) continue;
    if (isBefore(place, first)) [first, second] = [place, first];
    else second = place;
  }
  return [first, second].filter((place) => place >= 0);

  function isBefore(place: number, other: number): boolean {
    const ahead = (totals[place] ?? 0) - (totals[other] ?? -Infinity);
    return ahead > 0 || (ahead === 0 && scale !== 'SCORES' && slotAt(place) < slotAt(other));
  }

  function slotAt(place: number): number {
    return (slots[place] ??= hashSlot(candidates[place]?.id ?? '', candidates.length));
  }
}

function columnOf({ name, weight }: DecidedUnit, values: ArrayLike<number>): RankedColumn {
  return { unit: name, weight, values };
}

function scoresOf({ values, direction }: ScoredUnit): ArrayLike<number> {
  return direction === 'LOWER_IS_BETTER' ? scoresOfCosts(Array.from(values)) : values;
}

function negated(costs: readonly number[]): readonly number[] {
  return costs.map((cost) => (cost === 0 ? 0 : -cost));
}
