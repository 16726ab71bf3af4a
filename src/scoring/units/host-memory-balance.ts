import type { Host } from '../../domain/snapshot.js';
import { moveOne, projectLoad, type ProjectedLoad } from '../balancing.js';
import { choiceProperty, integerProperty } from '../property.js';
import type { BalanceUnit } from '../unit.js';

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

/** Steps in which the engine reports free memory: 1 % of the total each, the possible error of a value. */
const STEPS = 100;

/**
 * Moves a VM from the host furthest below `minimum_host_memoryMB` free memory to hosts that stay above it by at least one
 * step of their statistics. Hosts of unknown memory are neither source nor destination. Skips a host whose VMs fit
 * nowhere.
 */
export const hostMemoryBalance: BalanceUnit = {
  type: 'BALANCE',
  name: 'host_memory_balance',
  description:
    'Moves a VM from the host most short of minimum_host_memoryMB free memory to hosts that stay above it.',
  properties: [minimumHostMemory, safeSelection],
  propose({ hosts, properties, recent }) {
    const minimum = minimumHostMemory.read(properties);
    const safe = safeSelection.read(properties).toLowerCase() === 'true';
    const limit = `${minimumHostMemory.name} = ${minimum}`;
    const load = projectLoad(recent);
    const up = hosts.filter(({ status }) => status === 'up');

    // Memory about to become free is added up only where it matters.
    const short = up.filter(({ memory }) => memory.freeMiB !== undefined && memory.freeMiB < minimum);
    const sources = short
      .map((host) => ({ host, shortfall: minimum - (load.mostFreeMiB(host) ?? minimum) }))
      .filter(({ shortfall }) => shortfall > 0)
      .sort((a, b) => b.shortfall - a.shortfall);
    const [neediest] = sources;
    if (neediest === undefined) return { explain: () => whyNoneIsShort(up, short, limit) };

    const destinations = up
      .map((host) => ({ host, roomMiB: roomOf(host, load, minimum) }))
      .filter(({ roomMiB }) => roomMiB > 0)
      .sort((a, b) => b.roomMiB - a.roomMiB);
    const need = ({ host, shortfall }: typeof neediest) =>
      `${host.name} is short of ${shortfall} MiB of free memory, where ${limit}`;
    if (destinations.length === 0) {
      return {
        explain: () => `${need(neediest)}, but no host that is up has known memory to spare above that`,
      };
    }
    return moveOne(recent, {
      sources,
      destinations,
      choose: (fitting, { shortfall }) =>
        safe ? fitting[0] : (fitting.find(({ memoryMiB }) => memoryMiB >= shortfall) ?? fitting.at(-1)),
      need,
      merit: `stay above ${minimum} MiB with it`,
    });
  },
};

/** Returns the largest VM, in MiB, with which a host stays above the minimum by a step of its statistics. */
function roomOf(host: Host, load: ProjectedLoad, minimum: number): number {
  const free = load.leastFreeMiB(host);
  const schedulable = load.leastSchedulableMiB(host);
  const { totalMiB } = host.memory;
  if (free === undefined || schedulable === undefined || totalMiB === undefined) return 0;
  return Math.min(schedulable, free - minimum - Math.ceil(totalMiB / STEPS));
}

function whyNoneIsShort(up: readonly Host[], short: readonly Host[], limit: string): string {
  if (short.length > 0) {
    return `${short.length} hosts have less free memory than ${limit}, but not once the VMs that are leaving are gone`;
  }
  const unknown = up.filter(({ memory }) => memory.freeMiB === undefined).length;
  return (
    `no host that is up has less free memory than ${limit}` +
    (unknown > 0 ? `; of ${unknown} of the ${up.length} that are it is unknown` : '')
  );
}
