import type { FilterUnit } from '../unit.js';

/**
 * Accepts every host. Engines around 4.3.5 ask for external scores only when the policy has an external filter too; with
 * this one they can use scores without filtering anything.
 */
export const acceptAllHosts: FilterUnit = {
  type: 'FILTER',
  name: 'accept_all_hosts',
  description:
    'Accepts every host. For engines that ask for external scores only when an external filter is enabled too.',
  properties: [],
  prepare: () => ({ accepts: () => true, explain: () => 'every host is accepted' }),
};
