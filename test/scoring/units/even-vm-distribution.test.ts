import { expect } from 'chai';
import fc from 'fast-check';
import { isScore } from '../../../src/domain/contract.js';
import { evenVmDistribution } from '../../../src/scoring/units/even-vm-distribution.js';
import { assumePlacements } from '../../../src/domain/snapshot.js';
import { hostId, vm } from '../../support/world.js';
import { cluster, many } from './cluster.js';

function scored(counts: readonly number[], asked = counts.map((_, index) => index + 1)) {
  const snapshot = cluster(counts.map((count) => ({ vms: many(count) })));
  const hosts = asked.map(hostId).flatMap((id) => snapshot.host(id) ?? []);
  const scorer = evenVmDistribution.prepare({
    snapshot,
    vm: vm(0xfff, 'other'),
    hosts,
    properties: new Map(),
  });
  return { scores: hosts.map(scorer.score), reasons: hosts.map(scorer.explain) };
}

describe('even_vm_distribution', () => {
  const cases: readonly (readonly [title: string, counts: readonly number[], scores: readonly number[]])[] = [
    ['100 x (4 - 4) / 4, 100 x (4 - 1) / 4, 100 x (4 - 0) / 4', [4, 1, 0], [0, 75, 100]],
    ['100 x (10 - 7) / 7 = 42.86 -> 42', [10, 7, 3], [0, 42, 100]],
    ['100 x 1 / 3 = 33.3 -> 33, 100 x 2 / 3 = 66.7 -> 66', [3, 2, 1, 0], [0, 33, 66, 100]],
    ['all equal -> 100', [2, 2, 2], [100, 100, 100]],
    ['all empty -> 100', [0, 0], [100, 100]],
    ['one host -> 100', [5], [100]],
    ['one VM apart: the whole scale', [101, 100], [0, 100]],
    ['no hosts', [], []],
  ];
  for (const [title, counts, scores] of cases) {
    it(`${counts.join(', ')} VMs: ${title}`, () => {
      expect(scored(counts).scores).to.deep.equal(scores);
    });
  }

  it('compares the hosts asked for only: 5 and 2 of 9, 5, 2, 0', () => {
    expect(scored([9, 5, 2, 0], [2, 3]).scores).to.deep.equal([0, 100]);
  });

  it('shows its arithmetic', () => {
    expect(scored([10, 7, 3]).reasons[1]).to.equal(
      '7 VMs run here, from 3 to 10 on the hosts asked for: 100 x (10 - 7) / (10 - 3) = 42',
    );
    expect(scored([2, 2]).reasons[0]).to.equal('2 VMs run here, as on each host asked for');
  });

  it('counts VMs in whatever status, and those whose placement is assumed', () => {
    const before = cluster([
      {
        vms: [
          { mib: 1, status: 'paused' },
          { mib: 1, status: undefined },
        ],
      },
      { vms: [] },
    ]);
    const snapshot = assumePlacements(before, [{ vm: vm(9, 'other'), hostId: hostId(2) }]);
    const scorer = evenVmDistribution.prepare({
      snapshot,
      vm: vm(10, 'other'),
      hosts: snapshot.hosts,
      properties: new Map(),
    });
    expect(snapshot.hosts.map(scorer.explain)[1]).to.include('1 VMs run here, from 1 to 2');
  });

  it('gives scores only, 100 to the fewest, and never more to a host with more VMs', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { minLength: 1, maxLength: 12 }), (counts) => {
        const { scores } = scored(counts);
        expect(scores.every(isScore)).to.equal(true);
        expect(scores[counts.indexOf(Math.min(...counts))]).to.equal(100);
        counts.forEach((a, i) => {
          counts.forEach((b, j) => {
            if (a > b) expect(scores[i]).to.be.at.most(scores[j] ?? Number.NaN);
          });
        });
      }),
      { numRuns: 200 },
    );
  });
});
