import { expect } from 'chai';
import { selectByRank, selectByWeight } from '../../src/engine-model/selectors.js';
import { readCostAnswer } from '../../src/engine-model/read-answer.js';
import type { PolicyUnitService } from '../../src/domain/contract.js';
import { createScoringService } from '../../src/scoring/service.js';
import type { ScoreUnit } from '../../src/scoring/unit.js';
import { evenVmDistribution } from '../../src/scoring/units/even-vm-distribution.js';
import { ksmSameOsScore } from '../../src/scoring/units/ksm-same-os-score.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { host, hostId, inventoryOf, snapshotOf, vm, vmId } from '../support/world.js';
import { createStage, type StageOptions } from './stage.js';

/** A second unit that does not contradict the first one: fewer VMs are better. */
const fewVms: ScoreUnit = {
  type: 'SCORE',
  direction: 'HIGHER_IS_BETTER',
  name: 'few_vms',
  description: '',
  properties: [],
  prepare: () => ({ score: ({ vms }) => 100 - vms.length, explain: () => '' }),
};

/** VM 1 is rhel_8x64. Host 1 runs one other of three of that kind, host 2 one of one, host 3 none of two. */
const snapshot = snapshotOf(
  [host(1), host(2), host(3)],
  [
    vm(2, 'rhel_8x64', { on: 1 }),
    vm(3, 'windows_2022', { on: 1 }),
    vm(4, 'windows_2022', { on: 1 }),
    vm(5, 'rhel_8x64', { on: 2 }),
    vm(6, 'windows_2022', { on: 3 }),
    vm(7, 'windows_2022', { on: 3 }),
  ],
);
const STOPPED = [vm(1, 'rhel_8x64')];
const HOSTS = [1, 2, 3].map(hostId);
const FACTORS = new Map([
  ['ksm_same_os_score', 3],
  ['few_vms', 2],
]);

const service = (): PolicyUnitService =>
  createScoringService({
    units: [ksmSameOsScore, fewVms, evenVmDistribution],
    inventory: inventoryOf(snapshot, { stopped: STOPPED }),
    log: memoryLog(),
  });

/** The number of VMs is a cost, and passes as it is. */
const COSTS_ONLY = new Map([['even_vm_distribution', 3]]);

async function firstOfScoreHosts(factors = FACTORS): Promise<string | undefined> {
  const { scores } = await service().scoreHosts(
    {
      vmId: vmId(1),
      hosts: HOSTS,
      units: [...factors].map(([name, weight]) => ({ name, weight })),
      properties: new Map(),
      assumedPlacements: [],
      explain: false,
    },
    call(),
  );
  return [...scores].sort((a, b) => b.score - a.score)[0]?.hostId;
}

async function picks(
  options: StageOptions,
  factors = FACTORS,
): Promise<{ byRank: readonly string[]; byWeight: readonly string[] }> {
  const answer = await createStage(service(), options).call(
    'runCostFunctions',
    [...factors],
    HOSTS,
    vmId(1),
    null,
  );
  const { outcome, complaints } = readCostAnswer(answer, { hostIds: HOSTS, units: [...factors.keys()] });
  expect(complaints).to.deep.equal([]);
  const asked = { costs: outcome?.costs ?? [], candidates: HOSTS, factors };
  return { byRank: selectByRank(asked).winners, byWeight: selectByWeight(asked).winners };
}

describe('the point of it all', () => {
  // 3 x 33 + 2 x 97 = 293, 3 x 100 + 2 x 99 = 498, 3 x 0 + 2 x 98 = 196.
  it('is that ScoreHosts ranks host 2 first', async () => {
    expect(await firstOfScoreHosts()).to.equal(hostId(2));
  });

  for (const rows of ['perUnit', 'summed'] as const) {
    it(`is that the engine picks that host under both selectors, with rows ${rows}`, async () => {
      expect(await picks({ rows })).to.deep.equal({ byRank: [hostId(2)], byWeight: [hostId(2)] });
    });

    it(`is that with raw scores and rows ${rows} it picks it under neither`, async () => {
      const { byRank, byWeight } = await picks({ rows, scores: 'raw' });
      expect(byRank).not.to.include(hostId(2));
      // 3 x 0 + 2 x 98 = 196 is the lowest.
      expect(byWeight).to.deep.equal([hostId(3)]);
    });

    for (const scores of ['asCosts', 'raw'] as const) {
      it(`is that of 3, 1 and 2 VMs it picks the host with 1, with ${scores} and rows ${rows} too`, async () => {
        const { byRank, byWeight } = await picks({ rows, scores }, COSTS_ONLY);
        expect([byRank, byWeight, [await firstOfScoreHosts(COSTS_ONLY)]]).to.deep.equal(
          Array(3).fill([hostId(2)]),
        );
      });
    }
  }
});
