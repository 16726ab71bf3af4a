import { expect } from 'chai';
import { combineScores, type ScoreParts } from '../../src/composite/combine.js';
import type { Direction, Reason, ScoreHostsResponse, UnitResult } from '../../src/domain/contract.js';
import { hostListOf } from '../../src/domain/host-list.js';
import { offered } from './stage.js';

/** One member's answer in short: its hosts, and for each unit its place in the request and its values. */
interface Answer {
  readonly hosts: readonly string[];
  readonly unknown?: readonly string[];
  readonly units: readonly (readonly [
    place: number,
    values: readonly number[] | 'fails',
    direction?: Direction,
  ])[];
  readonly time?: number;
  readonly explained?: readonly { readonly hostName: string; readonly reasons: readonly Reason[] }[];
}

function answerOf({ hosts, unknown = [], units, time = 1000, explained }: Answer, index: number) {
  const response: ScoreHostsResponse = {
    scores: hosts.map((hostId, host) => ({
      hostId,
      score: units.reduce((sum, [, values]) => sum + (values === 'fails' ? 0 : (values[host] ?? 0)), 0),
    })),
    unitResults: units.map(([place, values]): UnitResult<readonly number[]> => {
      const unit = `offered-${place}`;
      return values === 'fails'
        ? { unit, failure: { code: 'INTERNAL', message: 'broken' } }
        : { unit, value: values };
    }),
    unknownHostIds: unknown,
    ...(explained === undefined
      ? {}
      : {
          explanation: {
            hostName: (host) => explained[host]?.hostName,
            reasons: (host) => explained[host]?.reasons ?? [],
          },
        }),
    snapshotTime: time,
  };
  return {
    service: `service-${index}`,
    places: units.map(([place]) => place),
    routes: units.map(([place, , direction = 'HIGHER_IS_BETTER']) => ({
      unit: offered('SCORE', `unit-${place}`, direction),
      member: index,
      offeredName: `offered-${place}`,
    })),
    value: response,
  };
}

function combine(
  asked: readonly string[],
  weights: readonly number[],
  answers: readonly Answer[],
  part: Partial<ScoreParts> = {},
) {
  return combineScores({
    hosts: hostListOf(asked),
    units: weights.map((weight, place) => ({ name: `unit-${place}`, weight })),
    explain: false,
    answers: answers.map(answerOf),
    failures: new Map(),
    ...part,
  });
}

const lower = 'LOWER_IS_BETTER';

const table: readonly {
  readonly title: string;
  readonly asked: readonly string[];
  readonly weights: readonly number[];
  readonly answers: readonly Answer[];
  readonly scores: Readonly<Record<string, number>>;
  readonly values: readonly (readonly number[] | string)[];
  readonly unknown?: readonly string[];
}[] = [
  {
    title: 'two services: 2 x 10 + 3 x 50 = 170, 2 x 20 + 3 x 60 = 220',
    asked: ['a', 'b'],
    weights: [2, 3],
    answers: [
      { hosts: ['a', 'b'], units: [[0, [10, 20]]] },
      { hosts: ['a', 'b'], units: [[1, [50, 60]]] },
    ],
    scores: { a: 170, b: 220 },
    values: [
      [10, 20],
      [50, 60],
    ],
  },
  {
    title: 'units in the order asked, whoever has them: 1 x 1 + 2 x 2 + 3 x 3 = 14',
    asked: ['a'],
    weights: [1, 2, 3],
    answers: [
      { hosts: ['a'], units: [[1, [2]]] },
      {
        hosts: ['a'],
        units: [
          [0, [1]],
          [2, [3]],
        ],
      },
    ],
    scores: { a: 14 },
    values: [[1], [2], [3]],
  },
  {
    title: 'a host that one service lacks: 40 + worst 0 = 40, 50 + 60 = 110',
    asked: ['a', 'b'],
    weights: [1, 1],
    answers: [
      { hosts: ['a', 'b'], units: [[0, [40, 50]]] },
      { hosts: ['b'], unknown: ['a'], units: [[1, [60]]] },
    ],
    scores: { a: 40, b: 110 },
    values: [
      [40, 50],
      [0, 60],
    ],
  },
  {
    title: 'each service lacks another host: 10 + 0, 0 + 20',
    asked: ['a', 'x', 'b'],
    weights: [1, 1],
    answers: [
      { hosts: ['a'], unknown: ['x', 'b'], units: [[0, [10]]] },
      { hosts: ['b'], unknown: ['a', 'x'], units: [[1, [20]]] },
    ],
    scores: { a: 10, b: 20 },
    values: [
      [10, 0],
      [0, 20],
    ],
    unknown: ['x'],
  },
  {
    title: 'costs: 100 x (7 - v) / (7 - 3): 3 -> 100, 4 -> 75, 7 -> 0, raw as they are',
    asked: ['a', 'b', 'c'],
    weights: [2],
    answers: [{ hosts: ['a', 'b', 'c'], units: [[0, [3, 4, 7], lower]] }],
    scores: { a: 200, b: 150, c: 0 },
    values: [[3, 4, 7]],
  },
  {
    title: 'costs rounded down: 100 x (3 - 1) / 3 = 66.7 -> 66',
    asked: ['a', 'b', 'c'],
    weights: [1],
    answers: [{ hosts: ['a', 'b', 'c'], units: [[0, [0, 1, 3], lower]] }],
    scores: { a: 100, b: 66, c: 0 },
    values: [[0, 1, 3]],
  },
  {
    title: 'costs of the widest range: 100 x (2147483647 - 0) / 4294967295 = 49.99 -> 49',
    asked: ['a', 'b', 'c'],
    weights: [1],
    answers: [{ hosts: ['a', 'b', 'c'], units: [[0, [-2147483648, 0, 2147483647], lower]] }],
    scores: { a: 100, b: 49, c: 0 },
    values: [[-2147483648, 0, 2147483647]],
  },
  {
    title: 'equal costs: 100 each',
    asked: ['a', 'b'],
    weights: [3],
    answers: [{ hosts: ['a', 'b'], units: [[0, [9, 9], lower]] }],
    scores: { a: 300, b: 300 },
    values: [[9, 9]],
  },
  {
    title: 'a host that a service of costs lacks costs its highest: 5, so 0 + 1, and 100 + 2',
    asked: ['a', 'b', 'c'],
    weights: [1, 1],
    answers: [
      { hosts: ['a', 'b', 'c'], units: [[0, [1, 2, 3]]] },
      { hosts: ['b', 'c'], unknown: ['a'], units: [[1, [-5, 5], lower]] },
    ],
    scores: { a: 1, b: 102, c: 3 },
    values: [
      [1, 2, 3],
      [5, -5, 5],
    ],
  },
  {
    title: 'a service of costs that knows no host: all equal, so 100 + 7',
    asked: ['a'],
    weights: [1, 1],
    answers: [
      { hosts: ['a'], units: [[0, [7]]] },
      { hosts: [], unknown: ['a'], units: [[1, [], lower]] },
    ],
    scores: { a: 107 },
    values: [[7], [0]],
  },
  {
    title: 'a unit that fails counts nothing: 2 x 10 = 20',
    asked: ['a'],
    weights: [2, 5],
    answers: [
      {
        hosts: ['a'],
        units: [
          [0, [10]],
          [1, 'fails'],
        ],
      },
    ],
    scores: { a: 20 },
    values: [[10], 'INTERNAL'],
  },
  {
    title: 'a unit that nobody answered for counts nothing',
    asked: ['a'],
    weights: [1, 1],
    answers: [{ hosts: ['a'], units: [[1, [30]]] }],
    scores: { a: 30 },
    values: ['UNAVAILABLE', [30]],
  },
  {
    title: 'no answer at all: the hosts asked, with 0 each',
    asked: ['b', 'a', 'b'],
    weights: [1],
    answers: [],
    scores: { b: 0, a: 0 },
    values: ['UNAVAILABLE'],
  },
  {
    title: 'no units: the hosts asked, with 0 each',
    asked: ['a'],
    weights: [],
    answers: [],
    scores: { a: 0 },
    values: [],
  },
];

describe('combined scores', () => {
  for (const { title, asked, weights, answers, scores, values, unknown = [] } of table) {
    it(title, () => {
      const failures = new Map(
        weights.map((_, place) => [place, { code: 'UNAVAILABLE', message: '' }] as const),
      );
      const combined = combine(asked, weights, answers, { failures });
      expect(combined.scores).to.deep.equal(
        Object.entries(scores).map(([hostId, score]) => ({ hostId, score })),
      );
      expect(
        combined.unitResults.map(({ unit, value, failure }) => [unit, value ?? failure.code]),
      ).to.deep.equal(values.map((value, place) => [`unit-${place}`, value]));
      expect(combined.unknownHostIds).to.deep.equal(unknown);
    });
  }

  it('is as old as the oldest snapshot, and of no time without any', () => {
    const answers = [3000, 2000, 4000].map((time) => ({ hosts: [], units: [], time }));
    expect(combine([], [], answers).snapshotTime).to.equal(2000);
    expect(combine([], [], [])).not.to.have.property('snapshotTime');
  });

  it('explains in the order asked, under the names here, with a name from who knows the host', () => {
    const reason = (place: number, text: string) => ({ unit: `offered-${place}`, text });
    const { scores, explanation } = combine(
      ['a', 'b'],
      [1, 1, 1, 1],
      [
        {
          hosts: ['b'],
          unknown: ['a'],
          units: [[3, [4]]],
          explained: [{ hostName: 'bravo', reasons: [reason(3, 'four')] }],
        },
        {
          hosts: ['a', 'b'],
          units: [
            [2, 'fails'],
            [0, [1, 1]],
            [1, [2, 2]],
          ],
          explained: [
            { hostName: 'alpha', reasons: [reason(0, 'one'), reason(1, 'two')] },
            { hostName: 'not bravo', reasons: [reason(1, 'two'), reason(0, 'one')] },
          ],
        },
      ],
      { explain: true },
    );
    const shown = scores.map((_, place) => [
      explanation?.hostName(place),
      explanation?.reasons(place).map(({ unit, text }) => `${unit}: ${text}`),
    ]);
    expect(shown).to.deep.equal([
      ['alpha', ['unit-0: one', 'unit-1: two', 'unit-3: service-0 does not know this host: the worst score']],
      ['bravo', ['unit-0: one', 'unit-1: two', 'unit-3: four']],
    ]);
  });

  it('reads values as the answer says, else as the service lists its units', () => {
    const answer = answerOf(
      {
        hosts: ['a', 'b'],
        units: [
          [0, [0, 100], 'LOWER_IS_BETTER'],
          [1, [0, 100]],
        ],
      },
      0,
    );
    const [listed, answered] = answer.value.unitResults;
    if (listed === undefined || answered?.value === undefined) throw new Error('no results');
    const unitResults = [listed, { ...answered, direction: 'LOWER_IS_BETTER' as const }];
    const value = { ...answer.value, unitResults };
    const { unitResults: results } = combine(['a', 'b'], [1, 1], [], { answers: [{ ...answer, value }] });
    expect(results.map(({ direction }) => direction)).to.deep.equal(['LOWER_IS_BETTER', 'LOWER_IS_BETTER']);
  });

  it('puts no reason into words that nobody reads', () => {
    const answer = answerOf({ hosts: ['a'], units: [[0, [1]]] }, 0);
    const fail = () => expect.fail('a reason was put into words');
    const value = { ...answer.value, explanation: { hostName: fail, reasons: fail } };
    const { explanation } = combine(['a'], [1], [], { answers: [{ ...answer, value }], explain: true });
    expect(explanation).not.to.equal(undefined);
  });

  it('explains by an empty text what a service gives no reason for', () => {
    const { explanation } = combine(['a'], [1], [{ hosts: ['a'], units: [[0, [1]]] }], { explain: true });
    expect(explanation?.hostName(0)).to.equal(undefined);
    expect(explanation?.reasons(0)).to.deep.equal([{ unit: 'unit-0', text: '' }]);
  });

  it('shares the arrays of a single service that summed the same', () => {
    const answers = [
      answerOf(
        {
          hosts: ['a', 'b'],
          units: [
            [0, [1, 2]],
            [1, [3, 4]],
          ],
        },
        0,
      ),
    ];
    const units = [
      { name: 'unit-0', weight: 1 },
      { name: 'unit-1', weight: 1 },
    ];
    const combined = combine(['a', 'b'], [], [], { answers, units });
    expect(combined.scores).to.equal(answers[0]?.value.scores);
    expect(combined.unitResults[0]?.value).to.equal(answers[0]?.value.unitResults[0]?.value);
  });

  it('believes no sum of a single service: 1 + 3 = 4, not 99', () => {
    const answer = answerOf(
      {
        hosts: ['a'],
        units: [
          [0, [1]],
          [1, [3]],
        ],
      },
      0,
    );
    const lying = { ...answer, value: { ...answer.value, scores: [{ hostId: 'a', score: 99 }] } };
    const units = [
      { name: 'unit-0', weight: 1 },
      { name: 'unit-1', weight: 1 },
    ];
    expect(combine(['a'], [], [], { answers: [lying], units }).scores).to.deep.equal([
      { hostId: 'a', score: 4 },
    ]);
  });

  it('builds no index of hosts while all services answer in the order asked', () => {
    const ids = Array.from({ length: 10_000 }, (_, n) => `host-${n}`);
    const hosts = { ids, placeOf: () => expect.fail('an index was built') };
    const values = ids.map((_, n) => n % 101);
    const answers = Array.from({ length: 8 }, (_, place) =>
      answerOf({ hosts: ids.filter((_, n) => place === 0 || n % place === 0), units: [[place, []]] }, place),
    ).map((answer) => ({
      ...answer,
      value: {
        ...answer.value,
        unitResults: [{ unit: 'x', value: values.slice(0, answer.value.scores.length) }],
      },
    }));
    const units = answers.map((_, place) => ({ name: `unit-${place}`, weight: 1 }));
    const { scores, unitResults } = combine([], [], [], { hosts, answers, units });
    expect(scores).to.have.length(10_000);
    expect(unitResults.map(({ value }) => value?.length)).to.deep.equal(units.map(() => 10_000));
  });
});
