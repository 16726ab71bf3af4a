import type { Migration } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { Snapshot, Vm } from '../domain/snapshot.js';
import type { BalancingSettings } from '../config/sections.js';
import type { Clock } from '../lib/timers.js';
import type { MoveUnderWay, RecentMigrations } from './unit.js';

/**
 * Most proposals remembered; beyond it none is made. An engine asks once a minute for each cluster, and by default a
 * proposal is remembered for about 10 minutes, until 5 after the VM arrived: enough for 100 clusters out of balance.
 */
export const MAX_PROPOSALS = 1000;

/** The memory of proposed migrations; balance units keep no state themselves. */
export interface MigrationCooldown {
  /**
   * Returns the recent proposals that still matter for this snapshot. Throws RESOURCE_EXHAUSTED when
   * {@link MAX_PROPOSALS} are remembered.
   */
  readonly beside: (snapshot: Snapshot) => RecentMigrations;
  /** Remembers a proposal made on this snapshot. The engine migrates at once. */
  readonly remember: (migration: Migration, snapshot: Snapshot) => void;
}

/** The proposals that are remembered, by VM; several memories, each with settings of its own, may share them. */
export type Proposals = Map<string, Proposal>;

/** A migration that was proposed. */
export interface Proposal {
  readonly vm: Vm;
  readonly sourceId: string;
  destinationIds: readonly string[];
  time: number;
  /** Time of the first snapshot seen with the VM at another host. */
  arrival: number | undefined;
}

/** Creates a memory of migrations, empty by default. */
export function createMigrationCooldown(
  { cooldown, settleTime }: Pick<BalancingSettings, 'cooldown' | 'settleTime'>,
  clock: Clock = Date,
  proposals: Proposals = new Map(),
): MigrationCooldown {
  /** Updates a proposal from the snapshot. Clamps its times to now: the clock may have jumped back. */
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
    // A VM that is missing was stopped.
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
