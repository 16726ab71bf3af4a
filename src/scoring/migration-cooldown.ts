import type { Migration } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { Snapshot, Vm } from '../domain/snapshot.js';
import type { BalancingSettings } from '../config/sections.js';
import type { Clock } from '../lib/timers.js';
import type { MoveUnderWay, RecentMigrations } from './unit.js';

/**
 * How many proposals are remembered; none is made beyond. An engine asks once a minute for each cluster, and by default a
 * proposal is remembered for 10 minutes or so, until 5 after the VM arrived: enough for 100 clusters that all need it.
 */
export const MAX_PROPOSALS = 1000;

/** Remembers what was proposed, for balance units that remember nothing themselves. */
export interface MigrationCooldown {
  /**
   * Returns what was proposed lately, as far as it matters beside this snapshot. Throws RESOURCE_EXHAUSTED when
   * {@link MAX_PROPOSALS} are remembered.
   */
  readonly beside: (snapshot: Snapshot) => RecentMigrations;
  /** Remembers a proposal that was made on this snapshot: the engine migrates at once. */
  readonly remember: (migration: Migration, snapshot: Snapshot) => void;
}

interface Proposal {
  readonly vm: Vm;
  readonly sourceId: string;
  destinationIds: readonly string[];
  time: number;
  /** Time of the first snapshot that was seen to show it at another host. */
  arrival: number | undefined;
}

/** Starts with nothing remembered. */
export function createMigrationCooldown(
  { cooldown, settleTime }: Pick<BalancingSettings, 'cooldown' | 'settleTime'>,
  clock: Clock = Date,
): MigrationCooldown {
  const proposals = new Map<string, Proposal>();

  /** Takes from the snapshot whether the VM arrived. A clock that went back must not make a time to come of a past one. */
  function observe(proposal: Proposal, snapshot: Snapshot, now: number): void {
    const hostId = snapshot.vm(proposal.vm.id)?.hostId;
    proposal.time = Math.min(proposal.time, now);
    if (proposal.arrival !== undefined) {
      proposal.arrival = Math.min(proposal.arrival, now);
    } else if (hostId !== undefined && hostId !== proposal.sourceId) {
      proposal.arrival = Math.min(snapshot.time, now);
      proposal.destinationIds = [hostId];
    }
  }

  function underWay(proposal: Proposal, snapshot: Snapshot): MoveUnderWay | undefined {
    const { vm, sourceId, destinationIds, time, arrival } = proposal;
    if (arrival !== undefined) {
      return snapshot.time < arrival + settleTime
        ? { vm, sourceId, destinationIds, arrived: true }
        : undefined;
    }
    const status = snapshot.vm(vm.id)?.status;
    // A VM that is gone was stopped.
    if (snapshot.vm(vm.id) === undefined) return undefined;
    return snapshot.time < time + settleTime || status === 'migrating'
      ? { vm, sourceId, destinationIds, arrived: false }
      : undefined;
  }

  return {
    beside(snapshot) {
      const now = clock.now();
      const cooling = new Set<string>();
      const moves: MoveUnderWay[] = [];
      for (const [id, proposal] of proposals) {
        observe(proposal, snapshot, now);
        const move = underWay(proposal, snapshot);
        if (move !== undefined) moves.push(move);
        if (move?.arrived === false || now < (proposal.arrival ?? proposal.time) + cooldown) cooling.add(id);
        else if (move === undefined) proposals.delete(id);
      }
      if (proposals.size >= MAX_PROPOSALS) {
        throw new SchedulingError(
          'RESOURCE_EXHAUSTED',
          `${proposals.size} migrations were proposed in the last ${cooldown / 1000} s, the most that are remembered; balance less often`,
        );
      }
      return { isCoolingDown: (vmId) => cooling.has(vmId), underWay: moves };
    },
    remember({ vmId, candidateHostIds }, snapshot) {
      const vm = snapshot.vm(vmId);
      if (vm?.hostId === undefined) return;
      proposals.set(vmId, {
        vm,
        sourceId: vm.hostId,
        destinationIds: candidateHostIds,
        time: clock.now(),
        arrival: undefined,
      });
    },
  };
}
