import type { Migration } from '../../domain/contract.js';
import type { Host } from '../../domain/snapshot.js';
import { choiceProperty, integerProperty } from '../property.js';
import type { BalanceUnit } from '../unit.js';
import { outlookOf, type HostOutlook } from './host-outlook.js';
import { movableVms, type MovableVm } from './movable-vms.js';

const minimumHostMemory = integerProperty({
  name: 'minimum_host_memoryMB',
  least: 0,
  digits: 8,
  defaultValue: 500,
  description: 'Free memory, in MiB, under which a host gives VMs away.',
});

const safeSelection = choiceProperty({
  name: 'safe_selection',
  choices: ['True', 'False', 'true', 'false'],
  defaultValue: 'True',
  description:
    'True: move the smallest VM. False: the smallest that frees all the memory that the host lacks, else the largest that fits.',
});

/** What share of a host's memory its free memory may be wrong by: the engine knows it in steps of 1 %. */
const STEPS = 100;

/**
 * Moves a VM from the host most short of `minimum_host_memoryMB` free memory to hosts that stay above it with the VM, by a
 * step of their statistics at least. A host of unknown memory is neither source nor destination. A host none of whose VMs
 * can go anywhere gives way to the next.
 */
export const hostMemoryBalance: BalanceUnit = {
  type: 'BALANCE',
  name: 'host_memory_balance',
  description:
    'Moves a VM from the host most short of minimum_host_memoryMB free memory to hosts that stay above it.',
  properties: [minimumHostMemory, safeSelection],
  propose(request): Migration | undefined {
    const minimum = minimumHostMemory.read(request.properties);
    const safe = safeSelection.read(request.properties).toLowerCase() === 'true';
    const outlook = outlookOf(request);
    const up = request.hosts.filter(({ status }) => status === 'up');

    const sources = up
      // What is becoming free is added up only where it matters.
      .filter(({ memory }) => memory.freeMiB !== undefined && memory.freeMiB < minimum)
      .map((host) => ({ host, shortfall: minimum - (outlook.mostFreeMiB(host) ?? minimum) }))
      .filter(({ shortfall }) => shortfall > 0)
      .sort((a, b) => b.shortfall - a.shortfall);
    if (sources.length === 0) return undefined;

    const destinations = up
      .map((host) => ({ id: host.id, room: roomOf(host, outlook, minimum) }))
      .filter(({ room }) => room > 0)
      .sort((a, b) => b.room - a.room);
    const largestRoom = destinations[0]?.room ?? 0;
    if (largestRoom === 0) return undefined;

    for (const { host, shortfall } of sources) {
      const fitting = movableVms(host, request.recent).filter(({ memoryMiB }) => memoryMiB <= largestRoom);
      const vm = safe ? fitting[0] : relieving(fitting, shortfall);
      if (vm === undefined) continue;
      const candidates = destinations.filter(({ room }) => room >= vm.memoryMiB);
      return { vmId: vm.id, candidateHostIds: candidates.map(({ id }) => id) };
    }
    return undefined;
  },
};

/** The largest VM, in MiB, that a host can take and stay above the minimum by a step of its statistics. */
function roomOf(host: Host, outlook: HostOutlook, minimum: number): number {
  const free = outlook.leastFreeMiB(host);
  const schedulable = outlook.leastSchedulableMiB(host);
  const { totalMiB } = host.memory;
  if (free === undefined || schedulable === undefined || totalMiB === undefined) return 0;
  return Math.min(schedulable, free - minimum - Math.ceil(totalMiB / STEPS));
}

/** Of VMs that are ordered by memory: the first that frees the whole shortfall, else the last. */
function relieving(vms: readonly MovableVm[], shortfall: number): MovableVm | undefined {
  return vms.find(({ memoryMiB }) => memoryMiB >= shortfall) ?? vms.at(-1);
}
