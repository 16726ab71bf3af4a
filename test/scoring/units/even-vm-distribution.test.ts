import { expect } from 'chai';
import fc from 'fast-check';
import { assumePlacements } from '../../../src/domain/snapshot-delta.js';
import { createScoringService } from '../../../src/scoring/service.js';
import { evenVmDistribution } from '../../../src/scoring/units/even-vm-distribution.js';
import { call } from '../../support/call.js';
import { memoryLog } from '../../support/log.js';
import { hostId, inventoryOf, vm, vmId } from '../../support/world.js';
import { cluster, many } from './cluster.js';

/** Hosts that run so many VMs each. */
const hostsWith = (counts: readonly number[]) => cluster(counts.map((count) => ({ vms: many(count) })));

const everyOne = (counts: readonly number[]) => counts.map((_, index) => index + 1);

function scored(counts: readonly number[], asked = everyOne(counts)) {
  const snapshot = hostsWith(counts);
  const hosts = asked.map(hostId).flatMap((id) => snapshot.host(id) ?? []);
  const { score, explain } = evenVmDistribution.prepare({
    snapshot,
    vm: vm(0xfff, 'other'),
    hosts,
    properties: new Map(),
  });
  return { costs: hosts.map(score), reasons: hosts.map(explain) };
}

/** What ScoreHosts makes of it alone. */
async function summed(counts: readonly number[], asked = everyOne(counts), weight = 1) {
  const service = createScoringService({
    units: [evenVmDistribution],
    inventory: inventoryOf(hostsWith(counts), { stopped: [vm(0xfff, 'other')] }),
    log: memoryLog(),
  });
  const { scores } = await service.scoreHosts(
    {
      vmId: vmId(0xfff),
      hosts: asked.map(hostId),
      units: [{ name: 'even_vm_distribution', weight }],
      properties: new Map(),
      assumedPlacements: [],
      explain: false,
    },
    call(),
  );
  return scores.map(({ score }) => score);
}

describe('even_vm_distribution', () => {
  it('gives each host the number of its VMs as a cost', () => {
    expect(evenVmDistribution.direction).to.equal('LOWER_IS_BETTER');
    expect(scored([10, 7, 0]).costs).to.deep.equal([10, 7, 0]);
  });

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
  for (const [title, counts, sums] of cases) {
    it(`counts in a sum, of ${counts.join(', ')} VMs: ${title}`, async () => {
      expect(await summed(counts)).to.deep.equal(sums);
    });
  }

  it('compares the hosts asked for only: 5 and 2 of 9, 5, 2, 0', async () => {
    expect(await summed([9, 5, 2, 0], [2, 3])).to.deep.equal([0, 100]);
    expect(scored([9, 5, 2, 0], [2, 3]).reasons[0]).to.include('from 2 to 5');
  });

  it('shows its arithmetic', () => {
    expect(scored([10, 7, 3]).reasons[1]).to.equal(
      '7 VMs run here, from 3 to 10 on the hosts asked for: in a sum 100 x (10 - 7) / (10 - 3) = 42',
    );
    expect(scored([2, 2]).reasons[0]).to.equal('2 VMs run here, as on each host asked for: in a sum 100');
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
    expect(snapshot.hosts.map(scorer.score)).to.deep.equal([2, 1]);
    expect(snapshot.hosts.map(scorer.explain)[1]).to.include('1 VMs run here, from 1 to 2');
  });

  it('counts in a sum as it did when it gave scores itself, and never more for a host with more VMs', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(40), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 1000 }),
        async (counts, weight) => {
          const sums = await summed(counts, undefined, weight);
          expect(sums).to.deep.equal(scoresOfOld(counts).map((score) => weight * score));
          expect(sums[counts.indexOf(Math.min(...counts))]).to.equal(weight * 100);
          counts.forEach((a, i) => {
            counts.forEach((b, j) => {
              if (a > b) expect(sums[i]).to.be.at.most(sums[j] ?? Number.NaN);
            });
          });
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** What the unit gave when its values were scores, word for word. */
function scoresOfOld(counts: readonly number[]): readonly number[] {
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  for (const vms of counts) {
    min = Math.min(min, vms);
    max = Math.max(max, vms);
  }
  return counts.map((vms) => (max === min ? 100 : Math.floor((100 * (max - vms)) / (max - min))));
}
