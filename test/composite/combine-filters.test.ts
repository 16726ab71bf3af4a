import { expect } from 'chai';
import { combineFilters } from '../../src/composite/combine.js';
import { hostListOf } from '../../src/domain/host-list.js';

type Result = readonly [place: number, accepted: readonly string[] | 'fails'];

const table: readonly {
  readonly title: string;
  readonly asked: readonly string[];
  readonly filters: number;
  readonly answers: readonly (readonly Result[])[];
  readonly accepted: readonly string[];
}[] = [
  {
    title: 'two services: abc and bc -> bc',
    asked: ['a', 'b', 'c'],
    filters: 2,
    answers: [[[0, ['a', 'b', 'c']]], [[1, ['b', 'c']]]],
    accepted: ['b', 'c'],
  },
  {
    title: 'three filters: ac, bc, ab -> none',
    asked: ['a', 'b', 'c'],
    filters: 3,
    answers: [
      [
        [0, ['a', 'c']],
        [2, ['a', 'b']],
      ],
      [[1, ['b', 'c']]],
    ],
    accepted: [],
  },
  {
    title: 'the order asked: c, a, b',
    asked: ['c', 'a', 'b', 'c'],
    filters: 2,
    answers: [[[0, ['c', 'a']]], [[1, ['c', 'a', 'b']]]],
    accepted: ['c', 'a'],
  },
  {
    title: 'one filter that accepts none -> none',
    asked: ['a'],
    filters: 1,
    answers: [[[0, []]]],
    accepted: [],
  },
  {
    title: 'one that fails rejects nothing',
    asked: ['a', 'b'],
    filters: 2,
    answers: [[[0, 'fails']], [[1, ['b']]]],
    accepted: ['b'],
  },
  {
    title: 'all failed: every host asked, each once',
    asked: ['a', 'b', 'a'],
    filters: 1,
    answers: [[[0, 'fails']]],
    accepted: ['a', 'b'],
  },
  {
    title: 'nobody answered: every host asked',
    asked: ['a', 'b'],
    filters: 2,
    answers: [],
    accepted: ['a', 'b'],
  },
  { title: 'no filters: every host asked', asked: ['a'], filters: 0, answers: [], accepted: ['a'] },
  { title: 'no hosts', asked: [], filters: 1, answers: [[[0, []]]], accepted: [] },
];

describe('combined filters', () => {
  for (const { title, asked, filters, answers, accepted } of table) {
    it(title, () => {
      const combined = combineFilters({
        hosts: hostListOf(asked),
        units: Array.from({ length: filters }, (_, place) => `filter-${place}`),
        answers: answers.map((results, index) => ({
          service: `service-${index}`,
          routes: [],
          places: results.map(([place]) => place),
          value: {
            hostIds: ['not looked at'],
            unitResults: results.map(([place, value]) =>
              value === 'fails'
                ? { unit: `offered-${place}`, failure: { code: 'INTERNAL', message: 'broken' } }
                : { unit: `offered-${place}`, value },
            ),
            snapshotTime: 2000 - index,
          },
        })),
        failures: new Map(),
      });
      expect(combined.hostIds).to.deep.equal(accepted);
      const outcomes = new Map(answers.flat());
      expect(combined.unitResults.map(({ unit, value }) => [unit, value ?? 'fails'])).to.deep.equal(
        Array.from({ length: filters }, (_, place) => [`filter-${place}`, outcomes.get(place) ?? 'fails']),
      );
      expect(combined.snapshotTime).to.equal(answers.length === 0 ? undefined : 2001 - answers.length);
    });
  }
});
