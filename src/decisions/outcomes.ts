import { totalsOf } from '../domain/counterfactuals.js';
import type { Decision, DecisionLog, Outcome, UnmatchedReason } from '../domain/decision.js';
import type { SeenPlacement } from '../domain/inventory-feed.js';
import { rankingOf } from '../engine-model/decision-ranking.js';
import type { After, Clock } from '../lib/timers.js';

/** Time in which a VM has to be seen on a host: a start that waits longer for it has failed, or was another one. */
export const LANDING_MS = 10 * 60 * 1000;

/**
 * Most decisions that wait for their VM: three a second at a landing time of ten minutes, far more since most VMs are seen
 * within one. Over 1,000 hosts they take 8 MB, and 80 MB if each asks for hosts of its own.
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
  /** Waits for the VM of a decision: one that scored hosts, or whose filters left exactly one. Ignores any other. */
  readonly decided: (decision: Decision) => void;
  /** Ends the wait for a VM that is seen on another host than before. */
  readonly placed: (placement: SeenPlacement) => void;
  /** Ends the wait for a VM that is no more. */
  readonly vmGone: (vmId: string) => void;
  /** Number of decisions that wait. */
  readonly pending: () => number;
  /** Stops to wait. */
  readonly close: () => void;
}

/** The totals of the hosts that a decision ranked. */
interface RankedHosts {
  /** Ids, one after the other. */
  readonly ids: string;
  readonly totals: Int32Array | Float64Array;
}

interface Pending extends RankedHosts {
  readonly decision: Pick<Decision, 'id' | 'vm'>;
  readonly time: number;
}

/** Characters of an id. */
const ID_LENGTH = 36;

const FACES = ['ENGINE', 'GRPC'] as const;

/**
 * Creates what finds out where VMs land, and appends it to the decisions. A decision is superseded by the next one about
 * its VM at the same face, since nobody can tell for which of them the VM starts.
 */
export function createOutcomes({ append, clock, after, onOutcome }: OutcomesOptions): Outcomes {
  /** By face and VM, the oldest first. */
  const waiting = new Map<string, Pending>();
  const idsOfLists = new WeakMap<Decision['hosts'], string>();
  let cancelTimer: (() => void) | undefined;

  function end(key: string, outcomeOf: (pending: Pending) => Outcome): void {
    const pending = waiting.get(key);
    if (pending === undefined) return;
    waiting.delete(key);
    const outcome = outcomeOf(pending);
    append(pending.decision, outcome);
    onOutcome?.(outcome);
  }

  function endUnmatched(key: string, unmatched: UnmatchedReason): void {
    end(key, () => ({ time: clock.now(), unmatched }));
  }

  /** Ends the waits that are over. A map keeps the order in which its keys came, which is that of their ends. */
  function endLate(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    const now = clock.now();
    for (const [key, { time }] of waiting) {
      const left = time + LANDING_MS - now;
      if (left > 0) {
        cancelTimer = after(left, endLate);
        return;
      }
      endUnmatched(key, 'TIMED_OUT');
    }
  }

  /** Returns the ids of the hosts that a decision ranks, which for an engine include the unknown ones, in this order. */
  function idsOf({ hosts, unknownHostIds }: Decision): string {
    let ids = idsOfLists.get(hosts);
    if (ids === undefined) idsOfLists.set(hosts, (ids = hosts.map(({ id }) => id).join('')));
    return unknownHostIds.length === 0 ? ids : ids + unknownHostIds.join('');
  }

  function rankedHosts(decision: Decision): RankedHosts | undefined {
    if (decision.method === 'FILTER') {
      const only = onlyHost(decision);
      return only === undefined ? undefined : { ids: only, totals: new Int32Array(1) };
    }
    if (decision.method !== 'SCORE') return undefined;
    const ranking = rankingOf(decision);
    if (ranking.columns.length === 0) return { ids: '', totals: new Int32Array() };
    const totals = totalsOf(ranking);
    const packed = new Int32Array(totals);
    const fits = totals.every((total, place) => total === packed[place]);
    return { ids: idsOf(decision), totals: fits ? packed : totals };
  }

  return {
    decided(decision) {
      const { id, vm, face, time } = decision;
      const ranked = rankedHosts(decision);
      if (vm === undefined || ranked === undefined) return;
      const key = `${face} ${vm.id}`;
      endUnmatched(key, 'SUPERSEDED');
      const [oldest] = waiting.keys();
      if (oldest !== undefined && waiting.size >= MAX_PENDING_OUTCOMES) endUnmatched(oldest, 'TIMED_OUT');
      waiting.set(key, { decision: { id, vm: { id: vm.id } }, time, ...ranked });
      if (cancelTimer === undefined) endLate();
    },
    placed({ vmId, hostId, at }) {
      endLate();
      for (const face of FACES)
        end(`${face} ${vmId}`, (pending) => ({
          hostId,
          time: Math.max(at, pending.time),
          ...standing(pending, hostId),
        }));
    },
    vmGone: (vmId) => FACES.forEach((face) => endUnmatched(`${face} ${vmId}`, 'VM_GONE')),
    pending: () => waiting.size,
    close() {
      cancelTimer?.();
      waiting.clear();
    },
  };
}

/** Returns the place of a host in a ranking and the points by which it is behind the best; nothing if it is not in it. */
function standing({ ids, totals }: RankedHosts, hostId: string): { rank?: number; regret?: number } {
  const place = ids.indexOf(hostId) / ID_LENGTH;
  const own = totals[place];
  if (own === undefined) return {};
  let better = 0;
  let best = own;
  for (const total of totals) {
    if (total > own) better++;
    if (total > best) best = total;
  }
  return { rank: better + 1, regret: best - own };
}

/** Returns the host that all filters accept, if it is the only one. */
function onlyHost({ hosts, units }: Decision): string | undefined {
  const filters = units.flatMap((unit) => ('accepted' in unit ? [unit.accepted] : []));
  const left = hosts.filter((_, place) => filters.every((accepted) => accepted[place] === 1));
  return left.length === 1 ? left[0]?.id : undefined;
}
