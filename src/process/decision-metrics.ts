import { Counter, Histogram, type Registry } from 'prom-client';
import type { DecisionMethod, Outcome, ShadowResult } from '../domain/decision.js';

/** Figures of what became of decisions, and of what shadows would have answered. */
export interface DecisionMetrics {
  readonly outcomeKnown: (outcome: Outcome) => void;
  readonly shadowCompared: (result: ShadowResult, method: DecisionMethod) => void;
  /** Counts a decision that a shadow had no time for. */
  readonly shadowDropped: (shadow: string) => void;
}

/** Points by which a host is behind: within one unit up to 100 times its weight, in ranks up to the number of hosts times it. */
const REGRET_BUCKETS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000];

/** From the reverse order over none to the same. */
const TAU_BUCKETS = [-0.5, 0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1];

/** Adds these figures to a registry. */
export function addDecisionMetrics(registers: Registry[]): DecisionMetrics {
  const landings = new Counter({
    name: 'hostscore_outcomes_total',
    help: 'Decisions whose VM was seen on a host, by our rank of the host: 1, 2-3, 4-10, 11+ or unranked.',
    labelNames: ['rank'],
    registers,
  });
  const unmatched = new Counter({
    name: 'hostscore_outcomes_unmatched_total',
    help: 'Decisions whose VM was not seen on a host, by reason: timed_out, superseded or vm_gone.',
    labelNames: ['reason'],
    registers,
  });
  const regrets = new Histogram({
    name: 'hostscore_outcome_regret_points',
    help: 'Points by which the host where a VM was seen is behind our best.',
    buckets: REGRET_BUCKETS,
    registers,
  });
  const comparisons = new Counter({
    name: 'hostscore_shadow_comparisons_total',
    help: 'Decisions that a shadow was compared with, by shadow, method and choice: the same, changed, or failed.',
    labelNames: ['shadow', 'method', 'choice'],
    registers,
  });
  const taus = new Histogram({
    name: 'hostscore_shadow_tau',
    help: "Kendall's tau-b of our order of hosts and that of a shadow, by shadow: 1 for the same, -1 for the reverse.",
    labelNames: ['shadow'],
    buckets: TAU_BUCKETS,
    registers,
  });
  const dropped = new Counter({
    name: 'hostscore_shadow_dropped_total',
    help: 'Decisions that a shadow had no time for, by shadow.',
    labelNames: ['shadow'],
    registers,
  });
  return {
    outcomeKnown(outcome) {
      if ('unmatched' in outcome) {
        unmatched.inc({ reason: outcome.unmatched.toLowerCase() });
        return;
      }
      landings.inc({ rank: rankLabel(outcome.rank) });
      if (outcome.regret !== undefined) regrets.observe(outcome.regret);
    },
    shadowCompared({ shadow, winnerChanged, tau, failure }, method) {
      const compared = winnerChanged ? 'changed' : 'same';
      const choice = failure === undefined ? compared : 'failed';
      comparisons.inc({ shadow, method: method.toLowerCase(), choice });
      if (tau !== undefined) taus.observe({ shadow }, tau);
    },
    shadowDropped: (shadow) => dropped.inc({ shadow }),
  };
}

function rankLabel(rank: number | undefined): string {
  if (rank === undefined) return 'unranked';
  if (rank === 1) return '1';
  if (rank <= 3) return '2-3';
  return rank <= 10 ? '4-10' : '11+';
}
