import type { Migration } from '../../domain/contract.js';
import type { BalanceUnit } from '../unit.js';
import { outlookOf } from './host-outlook.js';
import { maximumVmCount } from './maximum-vm-count.js';
import { movableVms } from './movable-vms.js';

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
  propose(request): Migration | undefined {
    const maximum = maximumVmCount.read(request.properties);
    const outlook = outlookOf(request);
    const up = request.hosts.filter(({ status }) => status === 'up');

    const sources = up
      // Those that are leaving are looked for only where it matters: among 10,000 hosts few are full.
      .filter(({ vms }) => vms.length >= maximum)
      .map((host) => ({ host, vms: outlook.fewestVms(host) }))
      .filter(({ vms }) => vms >= maximum)
      .sort((a, b) => b.vms - a.vms);
    if (sources.length === 0) return undefined;

    const destinations = up
      .map((host) => ({ host, vms: outlook.mostVms(host), room: outlook.leastSchedulableMiB(host) ?? 0 }))
      .filter(({ vms }) => vms + 1 < maximum)
      .sort((a, b) => a.vms - b.vms);
    if (destinations.length === 0) return undefined;

    for (const { host: source } of sources) {
      const [vm] = movableVms(source, request.recent);
      if (vm === undefined) continue;
      const candidates = destinations.filter(({ room }) => room >= vm.memoryMiB);
      if (candidates.length > 0) {
        return { vmId: vm.id, candidateHostIds: candidates.map(({ host }) => host.id) };
      }
    }
    return undefined;
  },
};
