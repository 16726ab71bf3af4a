import type { ResolvedPlacement } from '../domain/snapshot-delta.js';
import type { Host, Snapshot, Vm } from '../domain/snapshot.js';
import type { MoveUnderWay, Proposal, RecentMigrations } from './unit.js';

/** A VM of known memory. */
interface SizedVm extends Vm {
  readonly memoryMiB: number;
}

/** A host that has to lose a VM. */
export interface Source {
  readonly host: Host;
}

/** A host that can take a VM. */
export interface Destination {
  readonly host: Host;
  /** Largest VM that it can take, in MiB. */
  readonly roomMiB: number;
}

/** The sources and destinations of a move, how to choose the VM, and texts for the explanation. */
export interface MoveChoice<From extends Source> {
  /** Most overloaded first. */
  readonly sources: readonly From[];
  /** Best first. */
  readonly destinations: readonly Destination[];
  /** Chooses among the VMs of a source that may move and fit somewhere, ordered by memory. Returns undefined for none. */
  readonly choose: (fitting: readonly SizedVm[], source: From) => SizedVm | undefined;
  /** Returns the reason why a host has to lose a VM, such as `host-1 has 5 VMs`. */
  readonly need: (source: From) => string;
  /** Predicate that all candidates meet, such as `stay below 3 VMs with it`. */
  readonly merit: string;
}

/** Skipped sources that an explanation names at most, to stay readable. */
const MAX_SKIPPED_NAMED = 3;

/**
 * Proposes to move one VM from the first source with a VM that fits somewhere. Every destination with room for it is a
 * candidate. Skips sources from which no VM can move.
 */
export function moveOne<From extends Source>(
  recent: RecentMigrations,
  { sources, destinations, choose, need, merit }: MoveChoice<From>,
): Proposal {
  const largestRoomMiB = destinations.reduce((most, { roomMiB }) => Math.max(most, roomMiB), 0);
  const skipped = (count: number): readonly string[] => {
    const texts = sources
      .slice(0, Math.min(count, MAX_SKIPPED_NAMED))
      .map((source) => `${need(source)}, but ${whyNothingGoes(source.host, largestRoomMiB, recent)}`);
    return count > texts.length
      ? [...texts, `${count - texts.length} more hosts are passed over alike`]
      : texts;
  };

  for (const [place, source] of sources.entries()) {
    const movable = movableVms(source.host, recent);
    const fitting = movable.filter(({ memoryMiB }) => memoryMiB <= largestRoomMiB);
    const vm = choose(fitting, source);
    if (vm === undefined) continue;
    const candidates = destinations.filter(({ roomMiB }) => roomMiB >= vm.memoryMiB);
    return {
      migration: { vmId: vm.id, candidateHostIds: candidates.map(({ host }) => host.id) },
      explain: () =>
        [
          ...skipped(place),
          need(source),
          `of its ${movable.length} VMs that may move ${fitting.length} fit somewhere, and ${vm.name} of ${vm.memoryMiB} MiB is chosen`,
          `${candidates.length} hosts ${merit} and have room for it, the first is ${candidates[0]?.host.name ?? ''}`,
        ].join('; '),
    };
  }
  return { explain: () => skipped(sources.length).join('; ') };
}

/** Returns the VMs of a host that may move, by memory, since a small one is cheapest to move, then by id. */
function movableVms(host: Host, recent: RecentMigrations): readonly SizedVm[] {
  return host.vms
    .filter((vm): vm is SizedVm => obstacleOf(vm, recent) === undefined)
    .sort((a, b) => a.memoryMiB - b.memoryMiB || (a.id < b.id ? -1 : 1));
}

/** Returns the reason why a VM may not move, or undefined if it may. */
export function obstacleOf(vm: Vm, recent: RecentMigrations): string | undefined {
  if (vm.status !== 'up') return 'not up';
  if (!vm.migratable) return 'not free to migrate';
  if (vm.memoryMiB === undefined) return 'of unknown memory';
  return recent.isCoolingDown(vm.id) ? 'cooling down' : undefined;
}

function whyNothingGoes(host: Host, largestRoomMiB: number, recent: RecentMigrations): string {
  const [smallest] = movableVms(host, recent);
  if (smallest !== undefined) {
    return `no host has room for its smallest VM that may move, ${smallest.name} of ${smallest.memoryMiB} MiB: the largest room is ${largestRoomMiB} MiB`;
  }
  const counts = new Map<string, number>();
  for (const vm of host.vms) {
    const reason = obstacleOf(vm, recent) ?? '';
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const reasons = [...counts].map(([reason, count]) => `${count} ${reason}`);
  return `none of its ${host.vms.length} VMs may move${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}`;
}

/**
 * The projected load of hosts once the pending moves end. It is a bound that errs on the safe side: the least load of a
 * source, the highest of a destination. Memory in MiB, undefined where unknown.
 */
export interface ProjectedLoad {
  /** Returns the number of VMs of a source without those that leave, and without any that may arrive. */
  readonly fewestVms: (host: Host) => number;
  /** Returns the number of VMs of a destination with those that leave, and with all that may arrive. */
  readonly mostVms: (host: Host) => number;
  /** Returns the free memory of a source once every leaving VM is gone. */
  readonly mostFreeMiB: (host: Host) => number | undefined;
  /** Returns the free memory of a destination once every VM that may arrive is there. */
  readonly leastFreeMiB: (host: Host) => number | undefined;
  /** Returns the schedulable memory of a destination once every VM that may arrive is there. */
  readonly leastSchedulableMiB: (host: Host) => number | undefined;
}

interface Arrivals {
  vms: number;
  memoryMiB: number;
}

/** Returns the projected load of hosts, given the recent migrations. */
export function projectLoad(recent: RecentMigrations): ProjectedLoad {
  const leaving = new Set<string>();
  const arrivals = new Map<string, Arrivals>();
  const goneMiB = new Map<string, number>();
  for (const { vm, sourceId, destinationIds, arrived } of recent.underWay) {
    const memoryMiB = vm.memoryMiB ?? 0;
    if (!arrived) leaving.add(vm.id);
    else if (sourceId !== undefined) goneMiB.set(sourceId, (goneMiB.get(sourceId) ?? 0) + memoryMiB);
    for (const id of destinationIds) {
      const { vms, memoryMiB: sum } = arrivals.get(id) ?? { vms: 0, memoryMiB: 0 };
      arrivals.set(id, { vms: vms + (arrived ? 0 : 1), memoryMiB: sum + memoryMiB });
    }
  }

  // The engine counts a VM at its source until it is handed over.
  const isLeaving = ({ id, status }: Vm): boolean => status === 'migrating' || leaving.has(id);
  const without = (amount: number | undefined, host: Host): number | undefined =>
    amount === undefined ? undefined : amount - (arrivals.get(host.id)?.memoryMiB ?? 0);

  return {
    fewestVms: (host) => host.vms.length - host.vms.filter(isLeaving).length,
    mostVms: (host) => host.vms.length + (arrivals.get(host.id)?.vms ?? 0),
    mostFreeMiB({ id, vms, memory: { freeMiB } }) {
      if (freeMiB === undefined) return undefined;
      const comingFree = vms.filter(isLeaving).reduce((sum, { memoryMiB = 0 }) => sum + memoryMiB, 0);
      return freeMiB + comingFree + (goneMiB.get(id) ?? 0);
    },
    leastFreeMiB: (host) => without(host.memory.freeMiB, host),
    leastSchedulableMiB: (host) => without(host.memory.schedulableMiB, host),
  };
}

/**
 * Adds reservations, then the assumed placements of a caller, to the recent migrations: each counts as a move that has just
 * arrived, whose VM must not be proposed, and replaces a proposal for that VM. The snapshot is the one without them.
 */
export function withPlacements(
  recent: RecentMigrations,
  snapshot: Snapshot,
  placements: readonly ResolvedPlacement[],
): RecentMigrations {
  const assumed = new Map<string, MoveUnderWay>();
  for (const { vm, hostId } of placements) {
    const sourceId = snapshot.vm(vm.id)?.hostId;
    if (sourceId !== hostId) assumed.set(vm.id, { vm, sourceId, destinationIds: [hostId], arrived: true });
  }
  if (assumed.size === 0) return recent;
  return {
    isCoolingDown: (vmId) => assumed.has(vmId) || recent.isCoolingDown(vmId),
    underWay: [...recent.underWay.filter(({ vm }) => !assumed.has(vm.id)), ...assumed.values()],
  };
}
