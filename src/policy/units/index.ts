import type { Unit } from '../unit.js';
import { acceptAllHosts } from './accept-all-hosts.js';
import { ksmSameOsScore } from './ksm-same-os-score.js';

/** Every unit of the policy engine, in the order in which they are listed. A new unit is one line here. */
export const units: readonly Unit[] = [ksmSameOsScore, acceptAllHosts];
