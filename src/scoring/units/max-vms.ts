import type { Host } from '../../domain/snapshot.js';
import { integerProperty } from '../property.js';
import type { FilterUnit } from '../unit.js';

/** The number of VMs at which a host is full. Shared with vm_balance: a policy has one value per key for all units. */
export const maximumVmCount = integerProperty({
  name: 'maximum_vm_count',
  least: 1,
  digits: 5,
  defaultValue: 100,
  description: 'How many VMs make a host full: it takes no more, and gives some away.',
});

/** Accepts hosts on which fewer VMs run than `maximum_vm_count`. */
export const maxVms: FilterUnit = {
  type: 'FILTER',
  name: 'max_vms',
  description: 'Accepts only hosts on which fewer VMs run than maximum_vm_count.',
  properties: [maximumVmCount],
  prepare({ snapshot, properties }) {
    const maximum = maximumVmCount.read(properties);
    const vmsOf = ({ index }: Host): number => snapshot.vmCounts[index] ?? 0;
    return {
      accepts: (host) => vmsOf(host) < maximum,
      explain: (host) => `${vmsOf(host)} VMs run here, and ${maximumVmCount.name} = ${maximum} is reached`,
    };
  },
};
