import type { Host } from '../../domain/snapshot.js';
import { moveOne, projectLoad } from '../balancing.js';
import type { BalanceUnit } from '../unit.js';
import { maximumVmCount } from './max-vms.js';

/**
 * Moves a VM from the host with the most VMs, if it has `maximum_vm_count` or more, to hosts that stay below that number,
 * so that none becomes a source at once. Chooses the VM of the least memory that may move. Skips a host whose VMs fit
 * nowhere.
 */
export const vmBalance: BalanceUnit = {
  type: 'BALANCE',
  name: 'vm_balance',
  description:
    'Moves a VM from the host with the most VMs, if it has maximum_vm_count or more, to hosts that have fewer and stay below.',
  properties: [maximumVmCount],
  propose({ hosts, properties, recent }) {
    const maximum = maximumVmCount.read(properties);
    const limit = `${maximumVmCount.name} = ${maximum}`;
    const load = projectLoad(recent);
    const up = hosts.filter(({ status }) => status === 'up');

    // Leaving VMs are looked up only where it matters: among 10,000 hosts few are full.
    const full = up.filter(({ vms }) => vms.length >= maximum);
    const sources = full
      .map((host) => ({ host, vms: load.fewestVms(host) }))
      .filter(({ vms }) => vms >= maximum)
      .sort((a, b) => b.vms - a.vms);
    const [fullest] = sources;
    if (fullest === undefined) return { explain: () => whyNoneIsFull(up, full, limit) };

    const destinations = up
      .map((host) => ({ host, vms: load.mostVms(host), roomMiB: load.leastSchedulableMiB(host) ?? 0 }))
      .filter(({ vms }) => vms + 1 < maximum)
      .sort((a, b) => a.vms - b.vms);
    const need = ({ host, vms }: typeof fullest) => `${host.name} has ${vms} VMs, where ${limit}`;
    if (destinations.length === 0) {
      return {
        explain: () => `${need(fullest)}, but no host that is up stays below ${maximum} with one more`,
      };
    }
    return moveOne(recent, {
      sources,
      destinations,
      choose: ([smallest]) => smallest,
      need,
      merit: `stay below ${maximum} VMs with it`,
    });
  },
};

function whyNoneIsFull(up: readonly Host[], full: readonly Host[], limit: string): string {
  if (full.length > 0) {
    return `${full.length} hosts have ${limit} VMs or more, but fewer without those that are leaving`;
  }
  const most = up.reduce((most, { vms }) => Math.max(most, vms.length), 0);
  return `no host that is up has ${limit} VMs or more: the most on the ${up.length} that are is ${most}`;
}
