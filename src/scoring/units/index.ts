import type { Unit } from '../unit.js';
import { acceptAllHosts } from './accept-all-hosts.js';
import { evenVmDistribution } from './even-vm-distribution.js';
import { hostMemoryBalance } from './host-memory-balance.js';
import { ksmSameOsScore } from './ksm-same-os-score.js';
import { maxVms } from './max-vms.js';
import { vmBalance } from './vm-balance.js';

/** All units of the scoring engine, in listing order. A new unit is one line here. */
export const units: readonly Unit[] = [
  ksmSameOsScore,
  evenVmDistribution,
  acceptAllHosts,
  maxVms,
  vmBalance,
  hostMemoryBalance,
];
