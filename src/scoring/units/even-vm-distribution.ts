import { MAX_SCORE } from '../../domain/contract.js';
import type { Host } from '../../domain/snapshot.js';
import type { ScoreUnit } from '../unit.js';

/**
 * Ranks a host higher the fewer VMs run on it: 100 x (max - n) / (max - min) over the hosts asked for, rounded down; 100 for
 * each when all have as many.
 */
export const evenVmDistribution: ScoreUnit = {
  type: 'SCORE',
  name: 'even_vm_distribution',
  description: 'Ranks a host higher the fewer VMs run on it, compared with the other hosts asked for.',
  properties: [],
  prepare({ snapshot, hosts }) {
    const vmsOf = ({ index }: Host): number => snapshot.vmCounts[index] ?? 0;
    let min = Number.POSITIVE_INFINITY;
    let max = 0;
    for (const host of hosts) {
      min = Math.min(min, vmsOf(host));
      max = Math.max(max, vmsOf(host));
    }

    const score = (host: Host): number =>
      max === min ? MAX_SCORE : Math.floor((MAX_SCORE * (max - vmsOf(host))) / (max - min));

    return {
      score,
      explain(host) {
        const vms = vmsOf(host);
        if (max === min) return `${vms} VMs run here, as on each host asked for`;
        return (
          `${vms} VMs run here, from ${min} to ${max} on the hosts asked for: ` +
          `${MAX_SCORE} x (${max} - ${vms}) / (${max} - ${min}) = ${score(host)}`
        );
      },
    };
  },
};
