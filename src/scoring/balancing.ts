import type { Host, ResolvedPlacement, Snapshot, Vm } from '../domain/snapshot.js';
import type { MoveUnderWay, Proposal, RecentMigrations } from './unit.js';

/** A VM whose memory is known. */
interface SizedVm extends Vm {
  readonly memoryMiB: number;
}

/** A host that has to give a VM away. */
export interface Source {
  readonly host: Host;
}

/** A host that can take a VM. */
export interface Destination {
  readonly host: Host;
  /** The largest VM that it can take, in MiB. */
  readonly roomMiB: number;
}

/** How one VM is chosen, and how that is put into words. */
export interface MoveChoice<From extends Source> {
  /** Hosts that have to give a VM away, the neediest first. */
  readonly sources: readonly From[];
  /** Hosts that can take one, the best first. */
  readonly destinations: readonly Destination[];
  /** Chooses one of the VMs of a source that may move and fit somewhere, ordered by memory; undefined of none. */
  readonly choose: (fitting: readonly SizedVm[], source: From) => SizedVm | undefined;
  /** Returns why a host has to give a VM away, such as `host-1 has 5 VMs`. */
  readonly need: (source: From) => string;
  /** What every candidate fulfills, such as `stay below 3 VMs with it`. */
  readonly merit: string;
}

/** How many hosts that give way an explanation has words for; it is read by a person. */
const MAX_SKIPPED_TOLD = 3;

/**
 * Proposes to move one VM from the first source that has one to give that fits somewhere, to each destination with room for
 * it. A source from which nothing can go gives way to the next.
 */
export function moveOne<From extends Source>(
  recent: RecentMigrations,
  { sources, destinations, choose, need, merit }: MoveChoice<From>,
): Proposal {
  const largestRoomMiB = destinations.reduce((most, { roomMiB }) => Math.max(most, roomMiB), 0);
  const skipped = (count: number): readonly string[] => {
    const texts = sources
      .slice(0, Math.min(count, MAX_SKIPPED_TOLD))
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

/**
 * The VMs of a host that may be proposed. Those of the least memory come first, since moving them costs least; equal ones
 * are ordered by id.
 */
function movableVms(host: Host, recent: RecentMigrations): readonly SizedVm[] {
  return host.vms
    .filter((vm): vm is SizedVm => whyItStays(vm, recent) === undefined)
    .sort((a, b) => a.memoryMiB - b.memoryMiB || (a.id < b.id ? -1 : 1));
}

/** Returns why a VM may not be proposed, undefined when it may: it is up, free to migrate, of known memory, and has not moved lately. */
export function whyItStays(vm: Vm, recent: RecentMigrations): string | undefined {
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
    const reason = whyItStays(vm, recent) ?? '';
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const reasons = [...counts].map(([reason, count]) => `${count} ${reason}`);
  return `none of its ${host.vms.length} VMs may move${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}`;
}

/**
 * What hosts will have once the moves under way end, at the worst for what is asked: a source may turn out to have less, and
 * a destination more than the snapshot says. Memory in MiB, undefined where it is unknown.
 */
export interface HostOutlook {
  /** VMs at least: none of those that are leaving, and none that may come. For a source. */
  readonly fewestVms: (host: Host) => number;
  /** VMs at most: with every one that may come, and those that are leaving. For a destination. */
  readonly mostVms: (host: Host) => number;
  /** Free memory at most: with that of every VM that is leaving. For a source. */
  readonly mostFreeMiB: (host: Host) => number | undefined;
  /** Free memory at least: without that of every VM that may come. For a destination. */
  readonly leastFreeMiB: (host: Host) => number | undefined;
  /** What a VM may have that comes, at least. For a destination. */
  readonly leastSchedulableMiB: (host: Host) => number | undefined;
}

interface Arrivals {
  vms: number;
  memoryMiB: number;
}

/** Works out the outlook for one request. */
export function outlookOf(recent: RecentMigrations): HostOutlook {
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
 * Returns the recent migrations with placements that a caller assumes: each is a move that has just arrived, whose VM must
 * not be proposed, and it takes the place of what was proposed for that VM. The snapshot is the one without them.
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
