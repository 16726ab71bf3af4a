import { totalsOf } from '../domain/counterfactuals.js';
import type { Decision, DecisionLog, Outcome, UnmatchedReason } from '../domain/decision.js';
import type { SeenPlacement } from '../domain/inventory-feed.js';
import { rankingOf } from '../engine-model/decision-ranking.js';
import type { After, Clock } from '../lib/timers.js';

/** Time in which a VM has to be seen on a host: a start that waits longer for it has failed, or was another one. */
export const LANDING_MS = 10 * 60 * 1000;

/**
 * Most decisions that wait for their VM: three a second at a landing time of ten minutes, far more since most VMs are seen
 * within one. Over 1,000 hosts and three units they take 9 MB, and 25 MB if each asks for a list of its own.
 */
export const MAX_PENDING_OUTCOMES = 2000;

/** Options of outcomes. */
export interface OutcomesOptions {
  readonly append: DecisionLog['appendOutcome'];
  readonly clock: Clock;
  readonly after: After;
  /** Called with each outcome. Must not throw. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** The decisions whose VM has not been seen on a host yet. Those of a process that ends get no outcome. */
export interface Outcomes {
  /**
   * Waits for the VM of a decision: one that scored hosts, or whose filters left exactly one. Ignores any other. Returns the
   * decision that it supersedes: the one before about the VM at the same face, since nobody can tell for which the VM starts.
   */
  readonly decided: (decision: Decision) => Decision | undefined;
  /** Ends the wait for a VM that is seen on another host than before. */
  readonly placed: (placement: SeenPlacement) => void;
  /** Ends the wait for a VM that is no more. */
  readonly vmGone: (vmId: string) => void;
  /** Number of decisions that wait. */
  readonly pending: () => number;
  /** Stops to wait. */
  readonly close: () => void;
}

interface Pending {
  readonly decision: Decision;
  /** True when another decision about the VM waited before: a landing from before this one is most likely that one's. */
  readonly supersedes: boolean;
}

const FACES = ['ENGINE', 'GRPC'] as const;

/** Creates what finds out where VMs land, and appends it to the decisions. */
export function createOutcomes({ append, clock, after, onOutcome }: OutcomesOptions): Outcomes {
  /** By face and VM, the oldest first. */
  const waiting = new Map<string, Pending>();
  let cancelTimer: (() => void) | undefined;

  function end(key: string, { decision }: Pending, outcome: Outcome): void {
    waiting.delete(key);
    append(decision, outcome);
    onOutcome?.(outcome);
  }

  function endUnmatched(key: string, unmatched: UnmatchedReason): void {
    const pending = waiting.get(key);
    if (pending !== undefined) end(key, pending, { time: clock.now(), unmatched });
  }

  /** Ends the waits that are over. A map keeps the order in which its keys came, which is that of their ends. */
  function endLate(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    const now = clock.now();
    for (const [key, { decision }] of waiting) {
      const left = decision.time + LANDING_MS - now;
      if (left > 0) {
        cancelTimer = after(left, endLate);
        return;
      }
      endUnmatched(key, 'TIMED_OUT');
    }
  }

  return {
    decided(decision) {
      const { vm, face } = decision;
      if (vm === undefined || !chooses(decision)) return undefined;
      const key = `${face} ${vm.id}`;
      const superseded = waiting.get(key)?.decision;
      if (superseded !== undefined) {
        waiting.delete(key);
        onOutcome?.({ time: decision.time, unmatched: 'SUPERSEDED' });
      }
      const [oldest] = waiting.keys();
      if (oldest !== undefined && waiting.size >= MAX_PENDING_OUTCOMES) endUnmatched(oldest, 'TIMED_OUT');
      waiting.set(key, { decision, supersedes: superseded !== undefined });
      if (cancelTimer === undefined) endLate();
      return superseded;
    },
    placed({ vmId, hostId, at }) {
      endLate();
      for (const face of FACES) {
        const key = `${face} ${vmId}`;
        const pending = waiting.get(key);
        if (pending === undefined) continue;
        const { decision, supersedes } = pending;
        if (supersedes && at < decision.time) continue;
        end(key, pending, { hostId, time: Math.max(at, decision.time), ...standing(decision, hostId) });
      }
    },
    vmGone: (vmId) => FACES.forEach((face) => endUnmatched(`${face} ${vmId}`, 'VM_GONE')),
    pending: () => waiting.size,
    close() {
      cancelTimer?.();
      waiting.clear();
    },
  };
}

/** Reports whether a decision names a host: it scored them, or its filters left just one. */
function chooses({ method, hosts, units }: Decision): boolean {
  if (method !== 'FILTER') return method === 'SCORE';
  const filters = units.flatMap((unit) => ('accepted' in unit ? [unit.accepted] : []));
  let left = 0;
  for (let place = 0; place < hosts.length && left < 2; place++)
    if (filters.every((accepted) => accepted[place] === 1)) left++;
  return left === 1;
}

/** Returns the place of a host in a decision and the points by which it is behind the best; nothing if it is not ranked. */
function standing(decision: Decision, hostId: string): { rank?: number; regret?: number } {
  if (decision.method === 'FILTER') {
    const place = decision.hosts.findIndex(({ id }) => id === hostId);
    const isLeft = decision.units.every((unit) => !('accepted' in unit) || unit.accepted[place] === 1);
    return place >= 0 && isLeft ? { rank: 1, regret: 0 } : {};
  }
  const ranking = rankingOf(decision);
  const totals = totalsOf(ranking);
  const own = totals[ranking.candidates.findIndex(({ id }) => id === hostId)];
  if (own === undefined || ranking.columns.length === 0) return {};
  let better = 0;
  let best = own;
  for (const total of totals) {
    if (total > own) better++;
    if (total > best) best = total;
  }
  return { rank: better + 1, regret: best - own };
}
