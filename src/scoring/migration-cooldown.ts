import type { Migration } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { Snapshot, Vm } from '../domain/snapshot.js';
import type { MoveUnderWay, RecentMigrations } from './recent-migrations.js';

/** How proposals are remembered. Times in ms. */
export interface MigrationCooldownLimits {
  /** How long a VM is not proposed again: from its proposal, and again from its arrival at another host. */
  readonly cooldown: number;
  /**
   * How long the engine may take to show a move: a VM that is still at its source in a snapshot of that long after the
   * proposal, and not migrating, stays there; the memory of hosts is as it was for that long after a VM arrived.
   */
  readonly settleTime: number;
  /** How many proposals are remembered; none is made beyond. */
  readonly maxProposals: number;
}

/** An engine asks once a minute for each cluster, and reads the statistics of its hosts every 15 s. */
export const MIGRATION_COOLDOWN: MigrationCooldownLimits = {
  cooldown: 300_000,
  settleTime: 60_000,
  maxProposals: 1_000,
};

/** Remembers what was proposed, for balance units that remember nothing themselves. */
export interface MigrationCooldown {
  /**
   * What was proposed lately, as far as it matters beside this snapshot. Throws RESOURCE_EXHAUSTED when as many proposals
   * are remembered as may be.
   */
  readonly beside: (snapshot: Snapshot) => RecentMigrations;
  /** Takes a proposal that was made on this snapshot: the engine migrates at once. */
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
  options: Partial<MigrationCooldownLimits> & { readonly clock?: { readonly now: () => number } } = {},
): MigrationCooldown {
  const { clock = Date, ...given } = options;
  const { cooldown, settleTime, maxProposals } = { ...MIGRATION_COOLDOWN, ...given };
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
      if (proposals.size >= maxProposals) {
        throw new SchedulingError(
          'RESOURCE_EXHAUSTED',
          `${proposals.size} migrations were proposed in the last ${cooldown / 1000} s, the most that are remembered (maxProposals); balance less often`,
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
