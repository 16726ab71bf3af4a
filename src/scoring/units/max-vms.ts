import type { FilterUnit } from '../unit.js';
import { maximumVmCount } from './maximum-vm-count.js';

/** Accepts hosts on which fewer VMs run than `maximum_vm_count`. */
export const maxVms: FilterUnit = {
  type: 'FILTER',
  name: 'max_vms',
  description: 'Accepts only hosts on which fewer VMs run than maximum_vm_count.',
  properties: [maximumVmCount],
  prepare({ snapshot, properties }) {
    const maximum = maximumVmCount.read(properties);
    return ({ index }) => (snapshot.vmCounts[index] ?? 0) < maximum;
  },
};
