import type { Decision, DecisionMethod, ShadowResult } from '../domain/decision.js';
import type { ShadowCounts, ShadowGroup, ShadowReports } from '../domain/decision-service.js';
import { eachDecision, type DecisionPages, type Period } from './each-decision.js';

/** Mean of the numbers that were added; undefined for none. */
interface Mean {
  sum: number;
  count: number;
}

interface Tally {
  compared: number;
  winnerChanged: number;
  failed: number;
  filtersCompared: number;
  filtersChanged: number;
  readonly tau: Mean;
  readonly topOverlap: Mean;
  readonly regret: Mean;
}

interface ShadowTally extends Pick<ShadowResult, 'shadow' | 'policyHash'> {
  readonly total: Tally;
  readonly byOs: Map<string, Tally>;
  readonly byCluster: Map<string, Tally>;
}

/** Returns how shadows, or the named one, differ from the decisions of a period. */
export async function reportShadows(
  pages: DecisionPages,
  { shadow, ...period }: Period & { readonly shadow?: string | undefined },
): Promise<Omit<ShadowReports, 'running'>> {
  const tallies = new Map<string, ShadowTally>();
  function add({ method, vm, shadows = [] }: Decision): void {
    for (const result of shadows) {
      if (shadow !== undefined && result.shadow !== shadow) continue;
      const { shadow: name, policyHash } = result;
      const tally = entryOf(tallies, `${name} ${policyHash ?? ''}`, () => newShadow(name, policyHash));
      addResult(tally.total, result, method);
      addResult(entryOf(tally.byOs, vm?.os ?? '', noTally), result, method);
      addResult(entryOf(tally.byCluster, vm?.clusterId ?? '', noTally), result, method);
    }
  }
  const isPartial = await eachDecision(pages, period, add);
  return {
    shadows: [...tallies.values()]
      .map(({ shadow, policyHash, total, byOs, byCluster }) => ({
        ...{ shadow, policyHash, total: countsOf(total) },
        ...{ byOs: groupsOf(byOs), byCluster: groupsOf(byCluster) },
      }))
      // Those of one name stay in the order in which they were found: from the newest decision back.
      .sort((left, right) => (left.shadow < right.shadow ? -1 : Number(left.shadow > right.shadow))),
    isPartial,
  };
}

function newShadow(shadow: string, policyHash: string | undefined): ShadowTally {
  return { shadow, policyHash, total: noTally(), byOs: new Map(), byCluster: new Map() };
}

function entryOf<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function addResult(tally: Tally, result: ShadowResult, method: DecisionMethod): void {
  if (result.failure !== undefined) tally.failed++;
  else if (method === 'FILTER') {
    tally.filtersCompared++;
    tally.filtersChanged += Number(result.winnerChanged);
  } else {
    tally.compared++;
    tally.winnerChanged += Number(result.winnerChanged);
    for (const key of ['tau', 'topOverlap', 'regret'] as const) {
      const value = result[key];
      if (value === undefined) continue;
      tally[key].sum += value;
      tally[key].count++;
    }
  }
}

function noTally(): Tally {
  const counts = { compared: 0, winnerChanged: 0, failed: 0, filtersCompared: 0, filtersChanged: 0 };
  const none = () => ({ sum: 0, count: 0 });
  return { ...counts, tau: none(), topOverlap: none(), regret: none() };
}

function countsOf({ tau, topOverlap, regret, ...counts }: Tally): ShadowCounts {
  const meanOf = ({ sum, count }: Mean) => (count === 0 ? undefined : sum / count);
  return {
    ...counts,
    ...{ meanTau: meanOf(tau), meanTopOverlap: meanOf(topOverlap), meanRegret: meanOf(regret) },
  };
}

function groupsOf(tallies: ReadonlyMap<string, Tally>): readonly ShadowGroup[] {
  const size = ({ compared, filtersCompared, failed }: ShadowCounts) => compared + filtersCompared + failed;
  return [...tallies]
    .map(([name, tally]) => ({ name: name === '' ? undefined : name, counts: countsOf(tally) }))
    .sort((left, right) => size(right.counts) - size(left.counts));
}
