import { createScoringService } from '../../src/scoring/service.js';
import type { MigrationCooldown } from '../../src/scoring/migration-cooldown.js';
import type { BalanceUnit, FilterUnit, ScoreUnit } from '../../src/scoring/unit.js';
import { acceptAllHosts } from '../../src/scoring/units/accept-all-hosts.js';
import { ksmSameOsScore } from '../../src/scoring/units/ksm-same-os-score.js';
import type { PolicyUnitService } from '../../src/domain/contract.js';
import { memoryLog } from '../support/log.js';
import { host, hostId, inventoryOf, snapshotOf, vm } from '../support/world.js';

const constant50: ScoreUnit = {
  type: 'SCORE',
  direction: 'HIGHER_IS_BETTER',
  name: 'constant_50',
  description: '',
  properties: [],
  prepare: () => ({ score: () => 50, explain: () => 'always 50' }),
};

const throwsScore: ScoreUnit = {
  ...constant50,
  name: 'throws',
  prepare: () => {
    throw new Error('secret of the inside');
  },
};

const score140: ScoreUnit = {
  ...constant50,
  name: 'score_140',
  prepare: () => ({ score: () => 140, explain: () => '' }),
};

const rejectsHost2: FilterUnit = {
  type: 'FILTER',
  name: 'rejects_host_2',
  description: '',
  properties: [],
  prepare: () => ({ accepts: ({ id }) => id !== hostId(2), explain: ({ name }) => `${name} is host 2` }),
};

const rejectsAll: FilterUnit = {
  ...rejectsHost2,
  name: 'rejects_all',
  prepare: () => ({ accepts: () => false, explain: () => 'no host will do' }),
};

const throwsFilter: FilterUnit = {
  ...rejectsHost2,
  name: 'throws',
  prepare: () => {
    throw new Error('secret of the inside');
  },
};

const moveFirst: BalanceUnit = {
  type: 'BALANCE',
  name: 'move_first',
  description: '',
  properties: [],
  propose({ hosts: [from, to] }) {
    const moved = from?.vms[0];
    if (moved === undefined || to === undefined) return { explain: () => 'there is nothing to move first' };
    return {
      migration: { vmId: moved.id, candidateHostIds: [to.id] },
      explain: () => `${moved.name} is the first of ${from?.name ?? ''}`,
    };
  },
};

/** Units that misbehave each in one way, for every implementation to carry to its caller unchanged. */
export const FIXTURE_UNITS = [
  constant50,
  throwsScore,
  score140,
  rejectsHost2,
  rejectsAll,
  throwsFilter,
  moveFirst,
];

const GUEST = { distribution: 'CentOS Linux', version: '7' };

/**
 * The world of the behaviour suite. VM 1 runs rhel_8x64 on host 1, VM 90 is stopped and rhel_8x64 too.
 *
 * | host | its VMs | score of VM 1 |
 * |---|---|---|
 * | 1 | rhel_8x64 twice (VM 1 is one), windows_2022 | 66 |
 * | 2 | rhel_9x64 | 0; 20 as family |
 * | 3 | none | 0 |
 * | 4 | rhel_8x64, in maintenance | 100 |
 */
export function fixtureInventory() {
  const snapshot = snapshotOf(
    [host(1), host(2), host(3), host(4, 'maintenance')],
    [
      vm(1, 'rhel_8x64', { on: 1 }),
      vm(2, 'rhel_8x64', { on: 1, guest: GUEST }),
      vm(3, 'windows_2022', { on: 1 }),
      vm(4, 'rhel_9x64', { on: 2, guest: GUEST }),
      vm(5, 'rhel_8x64', { on: 4 }),
    ],
  );
  return inventoryOf(snapshot, { stopped: [vm(90, 'rhel_8x64')] });
}

/** Remembers nothing, so that a unit of the fixture answers the same to each call. */
const forgetful: MigrationCooldown = {
  beside: () => ({ isCoolingDown: () => false, underWay: [] }),
  remember: () => undefined,
};

/** The native engine over the world of the behaviour suite. */
export function fixtureService(log = memoryLog()): PolicyUnitService {
  return createScoringService({
    units: [ksmSameOsScore, acceptAllHosts, ...FIXTURE_UNITS],
    inventory: fixtureInventory(),
    migrations: forgetful,
    balancing: { cooldown: 0, settleTime: 0, maxSnapshotAge: Infinity },
    log,
  });
}
