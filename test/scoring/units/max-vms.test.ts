import { expect } from 'chai';
import { maxVms } from '../../../src/scoring/units/max-vms.js';
import { vm } from '../../support/world.js';
import { cluster, many, numberOf } from './cluster.js';

describe('max_vms', () => {
  const cases: readonly {
    readonly counts: readonly number[];
    readonly maximum?: string;
    readonly accepted: readonly number[];
  }[] = [
    { counts: [99, 100, 101, 0], accepted: [1, 4] },
    { counts: [2, 3, 4], maximum: '3', accepted: [1] },
    { counts: [9, 10], maximum: '10', accepted: [1] },
    { counts: [2, 10], maximum: '10', accepted: [1] },
    { counts: [0, 1], maximum: '1', accepted: [1] },
    { counts: [0, 150], maximum: '99999', accepted: [1, 2] },
    // What policies may hold from the pattern of the old sample, [0-9]*.
    { counts: [99, 100], maximum: '', accepted: [1] },
    { counts: [0, 1], maximum: '0', accepted: [] },
    { counts: [6, 7], maximum: '007', accepted: [1] },
    { counts: [0, 150], maximum: '9'.repeat(400), accepted: [1, 2] },
  ];
  for (const { counts, maximum, accepted } of cases) {
    it(`${counts.join(', ')} VMs, fewer than ${maximum?.slice(0, 9) ?? 'the default of 100'}: ${accepted.join(', ')}`, () => {
      const snapshot = cluster(counts.map((count) => ({ vms: many(count) })));
      const { accepts } = maxVms.prepare({
        snapshot,
        vm: vm(0xfff, 'other'),
        hosts: snapshot.hosts,
        properties: new Map(maximum === undefined ? [] : [['maximum_vm_count', maximum]]),
      });
      expect(snapshot.hosts.filter(accepts).map(({ id }) => numberOf(id))).to.deep.equal(accepted);
    });
  }
});
