import type { DecidedUnit, Decision } from '../domain/decision.js';
import type {
  AgreementCounts,
  AgreementReport,
  PolicyAgreement,
  UnitAgreement,
} from '../domain/decision-service.js';
import { eachDecision, type DecisionPages, type Period } from './each-decision.js';

/**
 * Fewest decisions after which a unit is said not to be followed: if its best hosts are one in ten, and it doubles their
 * chance, then nine times of ten that shows within so many.
 */
export const MIN_DECISIONS_TO_TELL = 100;

/** Standard deviations above chance from which a unit counts as followed: by lot, one unit in twenty gets that far. */
const FOLLOWED_SIGMAS = 1.645;

type Counts = { -readonly [Key in keyof AgreementCounts]: number };

interface UnitTally {
  decisions: number;
  best: number;
  expected: number;
  variance: number;
}

/** Returns how far callers followed the decisions of a period. */
export async function reportAgreement(pages: DecisionPages, period: Period): Promise<AgreementReport> {
  const agreement = createAgreement();
  const isPartial = await eachDecision(pages, period, agreement.add);
  return { ...agreement.report(), isPartial };
}

/** A report that grows. */
interface Agreement {
  /** Adds a decision, older than those before. */
  readonly add: (decision: Decision) => void;
  readonly report: () => Omit<AgreementReport, 'isPartial'>;
}

/** Creates a report without decisions. */
export function createAgreement(): Agreement {
  const total = noCounts();
  const policies = new Map<string, PolicyAgreement & { readonly counts: Counts }>();
  const units = new Map<string, UnitTally>();

  function countsOf({ policyHash, policy }: Decision): Counts {
    let agreement = policies.get(policyHash);
    if (agreement === undefined)
      policies.set(policyHash, (agreement = { policyHash, policy, counts: noCounts() }));
    return agreement.counts;
  }

  function addUnit(unit: DecidedUnit, landed: number): void {
    if (!('values' in unit)) return;
    const { values, direction, name } = unit;
    const sign = direction === 'LOWER_IS_BETTER' ? -1 : 1;
    const valueAt = (place: number) => sign * (values[place] ?? 0);
    let best = -Infinity;
    let bestHosts = 0;
    for (let place = 0; place < values.length; place++) {
      if (valueAt(place) > best) [best, bestHosts] = [valueAt(place), 0];
      if (valueAt(place) === best) bestHosts++;
    }
    if (bestHosts === values.length) return;
    const tally = units.get(name) ?? { decisions: 0, best: 0, expected: 0, variance: 0 };
    units.set(name, tally);
    const chance = bestHosts / values.length;
    tally.decisions++;
    tally.best += Number(valueAt(landed) === best);
    tally.expected += chance;
    tally.variance += chance * (1 - chance);
  }

  return {
    add(decision) {
      const { outcome, hosts } = decision;
      if (outcome === undefined) return;
      for (const counts of [total, countsOf(decision)]) {
        if ('unmatched' in outcome) {
          counts.unmatched++;
          counts.superseded += Number(outcome.unmatched === 'SUPERSEDED');
          continue;
        }
        const { rank, regret = 0 } = outcome;
        counts.landed++;
        counts.regret += regret;
        if (rank === undefined) counts.unranked++;
        else {
          counts.best += Number(rank === 1);
          counts.topThree += Number(rank <= 3);
        }
      }
      if ('unmatched' in outcome || outcome.rank === undefined) return;
      const landed = hosts.findIndex(({ id }) => id === outcome.hostId);
      if (landed >= 0) for (const unit of decision.units) addUnit(unit, landed);
    },
    report: () => ({
      total,
      policies: [...policies.values()].sort((left, right) => known(right.counts) - known(left.counts)),
      units: [...units]
        .map(([unit, tally]) => agreementOf(unit, tally))
        .sort((left, right) => right.decisions - left.decisions),
    }),
  };
}

/**
 * Judges a unit as if hosts had been drawn by lot: the hits are then a sum of independent draws, each with the share of
 * best hosts as its chance. It is followed when there are clearly more; and nothing can be told while not even a caller
 * who always follows would have clearly more.
 */
function agreementOf(unit: string, { decisions, best, expected, variance }: UnitTally): UnitAgreement {
  const clearly = expected + FOLLOWED_SIGMAS * Math.sqrt(variance);
  const canTell = decisions >= MIN_DECISIONS_TO_TELL && decisions > clearly;
  return {
    ...{ unit, decisions, best },
    expectedByChance: expected,
    neverFollowed: canTell && best <= clearly,
  };
}

function noCounts(): Counts {
  return { landed: 0, best: 0, topThree: 0, unranked: 0, regret: 0, unmatched: 0, superseded: 0 };
}

function known({ landed, unmatched }: AgreementCounts): number {
  return landed + unmatched;
}
