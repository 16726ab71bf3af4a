import type {
  BalanceHostsResponse,
  FilterHostsResponse,
  PolicyUnit,
  UnitProblem,
  ScoreHostsResponse,
} from '../../src/domain/contract.js';
import { hostId, SNAPSHOT_TIME, vmId } from '../support/world.js';

/** The hosts asked for: the first two; the third one is a stranger. */
const [H1, H2, H3] = [hostId(1), hostId(2), hostId(3)];
export const ASKED_HOSTS: readonly string[] = [H1, H2];

/** The units asked for, all of them scores of 0 to 100, or filters. */
export const ASKED_UNITS: readonly string[] = ['u', 'v'];

/** Values that the units of an honest answer give the two hosts. */
export const HONEST_VALUES: readonly number[] = [0, 10];

/** An answer of a service, and what it costs. */
export interface LyingAnswer<Response> {
  /** What is wrong with it. */
  readonly title: string;
  readonly answer: Response;
  /** The units that fail by it: all by a break of the whole answer, else those whose values are wrong. */
  readonly fails: readonly string[];
  /** Field and fault, as the message has them. */
  readonly problem?: string;
  /** Whether it can be written as a message of the contract at all. */
  readonly onWire: boolean;
}

const score = (hostId: string, score = 0) => ({ hostId, score });
const result = (unit: string, ...value: readonly number[]) => ({ unit, value });

const honestScores: ScoreHostsResponse = {
  scores: [score(H1, 0), score(H2, 20)],
  unitResults: [result('u', 0, 10), result('v', 0, 10)],
  unknownHostIds: [],
  snapshotTime: SNAPSHOT_TIME,
};

function scores(
  title: string,
  lie: object,
  fails: readonly string[] = [],
  problem?: string,
  onWire = true,
): LyingAnswer<ScoreHostsResponse> {
  const answer = Object.assign({}, honestScores, lie);
  return { title, answer, fails, onWire, ...(problem === undefined ? {} : { problem }) };
}

/** Answers to a request for the scores of two hosts by two units. */
export const SCORE_ANSWERS: readonly LyingAnswer<ScoreHostsResponse>[] = [
  scores('nothing but the truth', {}),
  scores('a wrong sum, which nobody looks at', { scores: [score(H1, 90), score(H2, 7)] }),
  scores('no time, as a service without an inventory has none', { snapshotTime: undefined }),
  scores(
    'a host less',
    { scores: [score(H2)] },
    ASKED_UNITS,
    `scores: host ${H1} is missing, or not in the order asked`,
  ),
  scores(
    'a host less, with as many values',
    { scores: [score(H1)], unitResults: [result('u', 0), result('v', 0)] },
    ASKED_UNITS,
    `scores: host ${H2} is missing, or not in the order asked`,
  ),
  scores(
    'a host twice',
    {
      scores: [score(H1), score(H2), score(H2)],
      unitResults: [result('u', 0, 10, 10), result('v', 0, 10, 10)],
    },
    ASKED_UNITS,
    `scores: unexpected or duplicate host "${H2}"`,
  ),
  scores(
    'a host more',
    {
      scores: [score(H1), score(H2), score(H3)],
      unitResults: [result('u', 0, 10, 20), result('v', 0, 10, 20)],
    },
    ASKED_UNITS,
    `scores: unexpected or duplicate host "${H3}"`,
  ),
  scores(
    'another order',
    { scores: [score(H2), score(H1)] },
    ASKED_UNITS,
    `scores: host ${H1} is missing, or not in the order asked`,
  ),
  scores(
    'a host both known and unknown',
    { unknownHostIds: [H2] },
    ASKED_UNITS,
    `scores: unexpected or duplicate host "${H2}"`,
  ),
  scores(
    'a value less',
    { unitResults: [result('u', 1), result('v', 0, 10)] },
    ASKED_UNITS,
    'unit_results[0].scores: expected 2 values, one for each host, got 1',
  ),
  scores(
    'a unit less',
    { unitResults: [result('u', 0, 10)] },
    ASKED_UNITS,
    'unit_results[1].unit: expected "v", got none',
  ),
  scores(
    'a unit twice',
    { unitResults: [result('u', 0, 10), result('u', 0, 10)] },
    ASKED_UNITS,
    'unit_results[1].unit: expected "v", got "u"',
  ),
  scores(
    'a unit more',
    { unitResults: [result('u', 0, 10), result('v', 0, 10), result('w', 0, 10)] },
    ASKED_UNITS,
    'unit_results[2].unit: expected no further unit, got "w"',
  ),
  scores(
    'a score of 101',
    { unitResults: [result('u', 101, 0), result('v', 0, 10)] },
    ['u'],
    'unit_results[0].scores.values[0]: expected an integer from 0 to 100, got 101',
  ),
  scores(
    'a score of -1',
    { unitResults: [result('u', 0, 10), result('v', 0, -1)] },
    ['v'],
    'unit_results[1].scores.values[1]: expected an integer from 0 to 100, got -1',
  ),
  scores(
    'a raw cost beyond 32 bits',
    { unitResults: [{ ...result('u', 0, 2 ** 31), direction: 'LOWER_IS_BETTER' }, result('v', 0, 10)] },
    ['u'],
    'unit_results[0].scores.values[1]: expected an integer of 32 bits, got 2147483648',
    false,
  ),
  scores(
    'a score of 0.5',
    { unitResults: [result('u', 0, 10), result('v', 0, 0.5)] },
    ['v'],
    'unit_results[1].scores.values[1]: expected an integer from 0 to 100, got 0.5',
    false,
  ),
  scores(
    'a score that is text',
    { unitResults: [{ unit: 'u', value: ['1', 1] }, result('v', 0, 10)] },
    ['u'],
    'unit_results[0].scores.values[0]: expected an integer from 0 to 100, got 1',
    false,
  ),
  scores(
    'neither values nor a failure',
    { unitResults: [{ unit: 'u' }, result('v', 0, 10)] },
    ASKED_UNITS,
    'unit_results[0]: expected a list of values or a failure, got neither',
    false,
  ),
  scores(
    'a time that is none',
    { snapshotTime: Number.NaN },
    ASKED_UNITS,
    'snapshot_time: expected a time, got NaN',
    false,
  ),
];

const accepts = (unit: string, ...value: readonly string[]) => ({ unit, value });
const rejects = (hostId: string) => ({ hostId, reason: 'too small' });

const honestFilters: FilterHostsResponse = {
  hostIds: [H1],
  unitResults: [accepts('u', H1), accepts('v', H1, H2)],
  snapshotTime: SNAPSHOT_TIME,
};

function filters(
  title: string,
  lie: object,
  fails: readonly string[] = [],
  problem?: string,
  onWire = true,
): LyingAnswer<FilterHostsResponse> {
  const answer = Object.assign({}, honestFilters, lie);
  return { title, answer, fails, onWire, ...(problem === undefined ? {} : { problem }) };
}

/** Answers to a request to filter two hosts by two units; an honest one rejects host 2 by the first. */
export const FILTER_ANSWERS: readonly LyingAnswer<FilterHostsResponse>[] = [
  filters('nothing but the truth', {}),
  filters('what it accepts, in another order', { unitResults: [accepts('u', H1), accepts('v', H2, H1)] }),
  filters('what all accept made up, which nobody looks at', { hostIds: [H2] }),
  filters('reasons for hosts that it rejects', {
    unitResults: [{ ...accepts('u', H1), rejections: [rejects(H2)] }, accepts('v', H1, H2)],
  }),
  filters(
    'a host more',
    { unitResults: [accepts('u', H1, H3), accepts('v', H1, H2)] },
    ['u'],
    `unit_results[0].accepted.host_ids: "${H3}" was not asked for`,
  ),
  filters(
    'a host twice',
    { unitResults: [accepts('u', H1), accepts('v', H1, H1)] },
    ['v'],
    `unit_results[1].accepted.host_ids: duplicate host ${H1}`,
  ),
  filters(
    'a reason for a host that it accepts',
    { unitResults: [{ ...accepts('u', H1), rejections: [rejects(H1)] }, accepts('v', H1, H2)] },
    ['u'],
    `unit_results[0].rejected: duplicate host ${H1}`,
  ),
  filters(
    'a reason for a host that nobody asked for',
    { unitResults: [{ ...accepts('u', H1), rejections: [rejects(H3)] }, accepts('v', H1, H2)] },
    ['u'],
    `unit_results[0].rejected: "${H3}" was not asked for`,
  ),
  filters(
    'another unit',
    { unitResults: [accepts('w', H1), accepts('v', H1, H2)] },
    ASKED_UNITS,
    'unit_results[0].unit: expected "u", got "w"',
  ),
  filters('no unit', { unitResults: [] }, ASKED_UNITS, 'unit_results[0].unit: expected "u", got none'),
  filters(
    'no list',
    { unitResults: [{ unit: 'u', value: 7 }, accepts('v', H1, H2)] },
    ASKED_UNITS,
    'unit_results[0]: expected a list of values or a failure, got neither',
    false,
  ),
];

function migration(
  title: string,
  vm: string,
  hosts: readonly string[],
  problem?: string,
): LyingAnswer<BalanceHostsResponse> {
  const answer = { migration: { vmId: vm, candidateHostIds: hosts }, snapshotTime: SNAPSHOT_TIME };
  const fails = problem === undefined ? [] : ['u'];
  return { title, answer, fails, onWire: true, ...(problem === undefined ? {} : { problem }) };
}

/** Proposals for two hosts. */
export const MIGRATION_ANSWERS: readonly LyingAnswer<BalanceHostsResponse>[] = [
  migration('nothing but the truth', vmId(1), [H2]),
  migration(
    'no candidate',
    vmId(1),
    [],
    'migration.candidate_host_ids: expected at least one host, got none',
  ),
  migration(
    'a candidate that nobody asked for',
    vmId(1),
    [H2, H3],
    `migration.candidate_host_ids: "${H3}" was not asked for`,
  ),
  migration('a candidate twice', vmId(1), [H2, H2], `migration.candidate_host_ids: duplicate host ${H2}`),
  migration('no VM', '', [H2], 'migration.vm_id: expected the id of a VM, got ""'),
];

const listed = (part: object): PolicyUnit =>
  Object.assign(
    {
      name: 'u',
      type: 'SCORE' as const,
      description: '',
      properties: [],
      direction: 'HIGHER_IS_BETTER' as const,
    },
    part,
  );
const property = (part: object) => ({ name: 'p', pattern: '.*', defaultValue: '', description: '', ...part });

const long = (length: number) => 'u'.repeat(length);
const lead = `"${long(60)}"...`;

/** Lists of units, how many of them are taken, and what is left out; by default all and nothing. */
export const UNIT_LISTS: readonly {
  readonly title: string;
  readonly units: readonly PolicyUnit[];
  readonly taken?: number;
  readonly properties?: number;
  readonly fault?: UnitProblem;
}[] = [
  { title: 'nothing but the truth', units: [listed({}), listed({ type: 'FILTER', direction: undefined })] },
  { title: '1000 units', units: Array.from({ length: 1000 }, (_, n) => listed({ name: `u${n}` })) },
  {
    title: '1001 units',
    units: Array.from({ length: 1001 }, (_, n) => listed({ name: `u${n}` })),
    taken: 1000,
    fault: { source: 'policy_units', reason: '1001 units, of which the first 1000 are taken' },
  },
  {
    title: 'no name beside a good one',
    units: [listed({ name: '' }), listed({})],
    taken: 1,
    fault: {
      source: 'SCORE unit ""',
      reason: 'left out: name: expected 1 to 128 characters, got ""',
    },
  },
  { title: 'a name of 128 characters', units: [listed({ name: long(128) })] },
  {
    title: 'a name of 129 characters beside a good one',
    units: [listed({}), listed({ name: long(129) })],
    taken: 1,
    fault: {
      source: `SCORE unit ${lead}`,
      reason: `left out: name: expected 1 to 128 characters, got ${lead}`,
    },
  },
  {
    title: 'a unit twice',
    units: [listed({}), listed({})],
    taken: 1,
    fault: { source: 'SCORE unit "u"', reason: 'left out: name: it is listed twice' },
  },
  {
    title: 'a score unit without a direction',
    units: [listed({ direction: undefined })],
    taken: 0,
    fault: {
      source: 'SCORE unit "u"',
      reason: 'left out: direction: expected HIGHER_IS_BETTER or LOWER_IS_BETTER for a score unit, got none',
    },
  },
  ...(
    [
      [
        'a property that no engine takes',
        { name: 'a b' },
        '"a b": name: expected letters, digits and underscores',
      ],
      [
        'a pattern with a semicolon',
        { pattern: 'a;b' },
        '"p": pattern: expected no semicolon, at which the engine splits, got "a;b"',
      ],
      [
        'a pattern of 1001 characters',
        { pattern: long(1001) },
        '"p": pattern, default_value: expected at most 1000 characters',
      ],
      [
        'a default of 1001 characters',
        { defaultValue: long(1001) },
        '"p": pattern, default_value: expected at most 1000 characters',
      ],
      [
        'a property name of 129 characters',
        { name: long(129) },
        `${lead}: name: expected at most 128 characters, got 129`,
      ],
      ['a property twice', { name: 'good' }, '"good": listed twice'],
    ] as const
  ).map(([title, part, reason]) => ({
    title,
    units: [listed({ properties: [property({ name: 'good' }), property(part)] })],
    properties: 1,
    fault: { source: 'SCORE unit "u"', reason: `property left out: ${reason}` },
  })),
  {
    title: 'properties whose texts are as long as they may be',
    units: [
      listed({ properties: [property({ name: long(128), pattern: long(1000), defaultValue: long(1000) })] }),
    ],
    properties: 1,
  },
  {
    title: '101 properties',
    units: [listed({ properties: Array.from({ length: 101 }, (_, n) => property({ name: `p${n}` })) })],
    properties: 100,
    fault: {
      source: 'SCORE unit "u"',
      reason: 'property left out: "p100": a unit has at most 100 properties',
    },
  },
];
