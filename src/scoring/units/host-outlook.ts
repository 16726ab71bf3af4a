import type { Host, Vm } from '../../domain/snapshot.js';
import type { BalanceRequest } from '../unit.js';

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
export function outlookOf({ recent }: Pick<BalanceRequest, 'recent'>): HostOutlook {
  const leaving = new Set<string>();
  const arrivals = new Map<string, Arrivals>();
  const goneMiB = new Map<string, number>();
  for (const { vm, sourceId, destinationIds, arrived } of recent.underWay) {
    const memoryMiB = vm.memoryMiB ?? 0;
    if (arrived) goneMiB.set(sourceId, (goneMiB.get(sourceId) ?? 0) + memoryMiB);
    else leaving.add(vm.id);
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
