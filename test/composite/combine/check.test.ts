import { expect } from 'chai';
import { askedHosts } from '../../../src/composite/combine/asked-hosts.js';
import { checkAcceptedHosts } from '../../../src/composite/combine/check-accepted-hosts.js';
import { checkMigration } from '../../../src/composite/combine/check-migration.js';
import { checkScores } from '../../../src/composite/combine/check-scores.js';
import type { Direction, Migration, ScoreHostsResponse, UnitResult } from '../../../src/domain/contract.js';
import { SchedulingError } from '../../../src/domain/errors.js';
import { hostId, vmId } from '../../support/world.js';

const [A, B, C] = [hostId(1), hostId(2), hostId(3)] as const;
const failure = { code: 'INTERNAL', message: 'broken' } as const;

function lieIn(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    expect(error.code).to.equal('INTERNAL');
    return error.message.replace("the service's answer breaks the contract: ", '');
  }
  return 'none';
}

const scoresOf = (hosts: readonly string[]) => hosts.map((hostId) => ({ hostId, score: 0 }));

describe('a check of scores', () => {
  const lies: readonly {
    readonly title: string;
    readonly asked?: readonly string[] | 'ALL_UP';
    readonly hosts?: readonly string[];
    readonly unknown?: readonly string[];
    readonly results?: readonly UnitResult<readonly number[]>[];
    readonly time?: number;
    readonly lie: string;
  }[] = [
    { title: 'good', lie: 'none' },
    {
      title: 'good, a host unknown',
      hosts: [A],
      unknown: [B],
      results: [{ unit: 'u', value: [1] }],
      lie: 'none',
    },
    { title: 'good, asked twice', asked: [A, B, A], lie: 'none' },
    { title: 'good, up', asked: 'ALL_UP', hosts: [B, A], lie: 'none' },
    { title: 'a host missing', hosts: [A], lie: `scores: host ${B} is missing, or not in the order asked` },
    {
      title: 'the first missing',
      hosts: [B],
      lie: `scores: host ${A} is missing, or not in the order asked`,
    },
    { title: 'another order', hosts: [B, A], lie: `scores: host ${A} is missing, or not in the order asked` },
    { title: 'a host twice', hosts: [A, A], lie: `scores: host ${B} is missing, or not in the order asked` },
    {
      title: 'a host twice at the end',
      hosts: [A, B, B],
      lie: `scores: host ${B} was not asked for, or stands here twice`,
    },
    {
      title: 'a host answered as often as asked',
      asked: [A, A],
      hosts: [A, A],
      lie: `scores: host ${A} was not asked for, or stands here twice`,
    },
    {
      title: 'a host not asked for',
      hosts: [A, B, C],
      lie: `scores: host ${C} was not asked for, or stands here twice`,
    },
    {
      title: 'scored and unknown',
      hosts: [A, B],
      unknown: [A],
      lie: `scores: host ${A} was not asked for, or stands here twice`,
    },
    {
      title: 'an unknown one not asked for',
      hosts: [A, B],
      unknown: [C],
      lie: `scores: host ${C} was not asked for, or stands here twice`,
    },
    {
      title: 'up, a host twice',
      asked: 'ALL_UP',
      hosts: [A, B, A],
      lie: `scores: host ${A} stands here twice`,
    },
    { title: 'up, no id', asked: 'ALL_UP', hosts: ['A'], lie: 'scores: expected the id of a host, got A' },
    {
      title: 'up, and unknown',
      asked: 'ALL_UP',
      hosts: [A],
      unknown: [B],
      lie: 'unknown_host_ids: no host was asked for by its id',
    },
    { title: 'a unit missing', results: [], lie: 'unit_results[0].unit: expected "u", got none' },
    {
      title: 'another unit',
      results: [{ unit: 'v', value: [1, 2] }],
      lie: 'unit_results[0].unit: expected "u", got "v"',
    },
    {
      title: 'a unit twice',
      results: [
        { unit: 'u', value: [1, 2] },
        { unit: 'u', value: [1, 2] },
      ],
      lie: 'unit_results[1].unit: expected no further unit, got "u"',
    },
    {
      title: 'too few values',
      results: [{ unit: 'u', value: [1] }],
      lie: 'unit_results[0].scores: expected 2 values, one for each host, got 1',
    },
    {
      title: 'too many values',
      results: [{ unit: 'u', value: [1, 2, 3] }],
      lie: 'unit_results[0].scores: expected 2 values, one for each host, got 3',
    },
    { title: 'no time', time: Number.NaN, lie: 'snapshot_time: expected a time, got NaN' },
  ];
  for (const { title, asked = [A, B], hosts = [A, B], unknown = [], results, time = 1, lie } of lies) {
    it(`${title}: ${lie}`, () => {
      const response: ScoreHostsResponse = {
        scores: scoresOf(hosts),
        unitResults: results ?? [{ unit: 'u', value: hosts.map(() => 1) }],
        unknownHostIds: unknown,
        snapshotTime: time,
      };
      const units = [{ offeredName: 'u', direction: 'HIGHER_IS_BETTER' }] as const;
      expect(
        lieIn(() => checkScores(response, asked === 'ALL_UP' ? asked : askedHosts(asked), units, 'alpha')),
      ).to.equal(lie);
    });
  }

  const values: readonly (readonly [value: number, direction: Direction, fails: boolean])[] = [
    [0, 'HIGHER_IS_BETTER', false],
    [100, 'HIGHER_IS_BETTER', false],
    [101, 'HIGHER_IS_BETTER', true],
    [-1, 'HIGHER_IS_BETTER', true],
    [0.5, 'HIGHER_IS_BETTER', true],
    [Number.NaN, 'HIGHER_IS_BETTER', true],
    [101, 'LOWER_IS_BETTER', false],
    [2_147_483_647, 'LOWER_IS_BETTER', false],
    [2_147_483_648, 'LOWER_IS_BETTER', true],
    [-2_147_483_648, 'LOWER_IS_BETTER', false],
    [-2_147_483_649, 'LOWER_IS_BETTER', true],
    [1.5, 'LOWER_IS_BETTER', true],
    [Infinity, 'LOWER_IS_BETTER', true],
  ];
  for (const [value, direction, fails] of values) {
    it(`${value} of a unit of ${direction} ${fails ? 'fails that unit alone' : 'is fine'}`, () => {
      const response: ScoreHostsResponse = {
        scores: scoresOf([A, B]),
        unitResults: [
          { unit: 'u', value: [50, value] },
          { unit: 'v', failure },
          { unit: 'w', value: [1, 2] },
        ],
        unknownHostIds: [],
        snapshotTime: 1,
      };
      const units = ['u', 'v', 'w'].map((offeredName) => ({ offeredName, direction }));
      const { unitResults } = checkScores(response, askedHosts([A, B]), units, 'alpha');
      const expected =
        direction === 'HIGHER_IS_BETTER' ? 'an integer from 0 to 100' : 'an integer of 32 bits';
      const message = `alpha: the service's answer breaks the contract: values[1]: expected ${expected}, got ${value}`;
      expect(unitResults[0]).to.deep.equal(
        fails ? { unit: 'u', failure: { code: 'INTERNAL', message } } : response.unitResults[0],
      );
      expect(unitResults.slice(1)).to.deep.equal(response.unitResults.slice(1));
    });
  }
});

describe('a check of accepted hosts', () => {
  const table: readonly (readonly [
    title: string,
    accepted: readonly string[],
    outcome: readonly string[] | string,
  ])[] = [
    ['all', [A, B, C], [A, B, C]],
    ['some', [A, C], [A, C]],
    ['none', [], []],
    ['another order is put right', [C, A], [A, C]],
    ['one not asked for', [A, hostId(9)], `accepted.host_ids[1]: ${hostId(9)} was not asked for`],
    ['one twice', [A, B, A], `accepted.host_ids[2]: ${A} stands here twice`],
    ['one twice in a row', [A, A], `accepted.host_ids[1]: ${A} stands here twice`],
  ];
  for (const [title, accepted, outcome] of table) {
    it(title, () => {
      const unitResults = [
        { unit: 'f', value: accepted },
        { unit: 'g', value: [A] },
        { unit: 'h', failure },
      ];
      const response = { hostIds: [], unitResults, snapshotTime: 1 };
      const checked = checkAcceptedHosts(response, askedHosts([A, B, C]), ['f', 'g', 'h'], 'alpha');
      const message = `alpha: the service's answer breaks the contract: ${String(outcome)}`;
      expect(checked.unitResults).to.deep.equal([
        typeof outcome === 'string'
          ? { unit: 'f', failure: { code: 'INTERNAL', message } }
          : { unit: 'f', value: outcome },
        ...unitResults.slice(1),
      ]);
    });
  }

  it('throws for a filter that is missing, and for no time', () => {
    const response = { hostIds: [], unitResults: [{ unit: 'f', value: [A] }], snapshotTime: 1 };
    const check = (names: string[], snapshotTime: number) => () =>
      checkAcceptedHosts({ ...response, snapshotTime }, askedHosts([A]), names, 'alpha');
    expect(lieIn(check(['f', 'g'], 1))).to.equal('unit_results[1].unit: expected "g", got none');
    expect(lieIn(check(['f'], Infinity))).to.equal('snapshot_time: expected a time, got Infinity');
  });
});

describe('a check of a migration', () => {
  const table: readonly (readonly [title: string, migration: Migration | undefined, lie: string])[] = [
    ['nothing to do', undefined, 'none'],
    ['a VM and a host', { vmId: vmId(1), candidateHostIds: [B] }, 'none'],
    ['no id of a VM', { vmId: '', candidateHostIds: [B] }, 'migration.vm_id: expected the id of a VM, got '],
    [
      'no host',
      { vmId: vmId(1), candidateHostIds: [] },
      'migration.candidate_host_ids: expected at least one host, got none',
    ],
    [
      'a host not asked for',
      { vmId: vmId(1), candidateHostIds: [A, C] },
      `migration.candidate_host_ids: ${C} was not asked for`,
    ],
    [
      'a host twice',
      { vmId: vmId(1), candidateHostIds: [A, A] },
      'migration.candidate_host_ids: a host stands here twice',
    ],
  ];
  for (const [title, migration, lie] of table) {
    it(`${title}: ${lie}`, () => {
      const response = { snapshotTime: 1, ...(migration === undefined ? {} : { migration }) };
      expect(lieIn(() => checkMigration(response, askedHosts([A, B])))).to.equal(lie);
    });
  }
});
