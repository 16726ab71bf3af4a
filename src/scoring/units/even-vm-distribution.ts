import { MAX_SCORE } from '../../domain/contract.js';
import { rangeOf, scoreOfCost, type Range } from '../../domain/score-sums.js';
import type { Host } from '../../domain/snapshot.js';
import type { ScoreUnit } from '../unit.js';

/** Ranks a host higher the fewer VMs run on it: its cost is their number. */
export const evenVmDistribution: ScoreUnit = {
  type: 'SCORE',
  direction: 'LOWER_IS_BETTER',
  name: 'even_vm_distribution',
  description: 'Prefers the host on which the fewest VMs run: its cost is their number.',
  properties: [],
  prepare({ snapshot, hosts }) {
    const vmsOf = ({ index }: Host): number => snapshot.vmCounts[index] ?? 0;
    let range: Range | undefined;
    return {
      score: vmsOf,
      explain(host) {
        const vms = vmsOf(host);
        const { min, max } = (range ??= rangeOf(hosts.map(vmsOf)));
        const counts = scoreOfCost(vms, { min, max });
        if (min === max) return `${vms} VMs run here, as on each host asked for: in a sum ${counts}`;
        return (
          `${vms} VMs run here, from ${min} to ${max} on the hosts asked for: ` +
          `in a sum ${MAX_SCORE} x (${max} - ${vms}) / (${max} - ${min}) = ${counts}`
        );
      },
    };
  },
};
