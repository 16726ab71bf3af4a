import type { Host } from '../../domain/snapshot.js';
import { moveOne, outlookOf } from '../balancing.js';
import type { BalanceUnit } from '../unit.js';
import { maximumVmCount } from './max-vms.js';

/**
 * Moves a VM from the host with the most VMs, of those with `maximum_vm_count` or more, to hosts that stay under that number
 * with it, so that none of them is a source at once. It is the VM of the least memory that may move. A host none of whose
 * VMs can go anywhere gives way to the next.
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
    const outlook = outlookOf(recent);
    const up = hosts.filter(({ status }) => status === 'up');

    // Those that are leaving are looked for only where it matters: among 10,000 hosts few are full.
    const full = up.filter(({ vms }) => vms.length >= maximum);
    const sources = full
      .map((host) => ({ host, vms: outlook.fewestVms(host) }))
      .filter(({ vms }) => vms >= maximum)
      .sort((a, b) => b.vms - a.vms);
    const [fullest] = sources;
    if (fullest === undefined) return { explain: () => whyNoneIsFull(up, full, limit) };

    const destinations = up
      .map((host) => ({ host, vms: outlook.mostVms(host), roomMiB: outlook.leastSchedulableMiB(host) ?? 0 }))
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
