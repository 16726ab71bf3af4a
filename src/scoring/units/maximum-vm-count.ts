import { integerProperty } from '../property.js';

/** Shared by the units that know it, since a policy has one value for a key whatever the unit. */
export const maximumVmCount = integerProperty({
  name: 'maximum_vm_count',
  least: 1,
  digits: 5,
  defaultValue: 100,
  description: 'How many VMs make a host full: it takes no more, and gives some away.',
});
