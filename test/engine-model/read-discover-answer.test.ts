import { expect } from 'chai';
import { readDiscoverAnswer } from '../../src/engine-model/read-answer.js';
import type { XmlRpcValue } from '../../src/engine-model/value.js';
import { fixtureService } from '../contract/fixture.js';
import { createStage } from '../bridge/stage.js';

const LOST = 'the whole answer is lost, and every external unit stays disabled until the engine starts again';
const struct = (members: Readonly<Record<string, XmlRpcValue>>): XmlRpcValue =>
  new Map(Object.entries(members));
const unit = (name: string, properties = '') => ({ type: 'SCORE', name, description: 'd', properties });

describe('readDiscoverAnswer', () => {
  const cases: readonly {
    readonly title: string;
    readonly answer: XmlRpcValue;
    readonly enabled?: readonly unknown[];
    readonly exception?: string;
    readonly complaints?: readonly string[];
  }[] = [
    {
      title: 'enables units of each type',
      answer: struct({
        filters: struct({ f: ['of', ''] }),
        scores: struct({ s: ['os', 'k=v|w;k2=;'] }),
        balance: struct({ b: ['ob', ''] }),
      }),
      enabled: [
        { type: 'FILTER', name: 'f', description: 'of', properties: '' },
        { type: 'SCORE', name: 's', description: 'os', properties: 'k=v|w;k2=;' },
        { type: 'BALANCE', name: 'b', description: 'ob', properties: '' },
      ],
    },
    {
      title: 'skips a unit whose properties break the syntax',
      answer: struct({
        scores: struct({ a: ['d', '{k = v}'], b: ['d', 'k'], c: ['d', 'k=a;;b=c'], d: ['d', ''] }),
      }),
      enabled: [unit('d')],
      complaints: [
        'scores: the engine skips "a", since its properties are no key=regex;key2=regex: "{k = v}"',
        'scores: the engine skips "b", since its properties are no key=regex;key2=regex: "k"',
        'scores: the engine skips "c", since its properties are no key=regex;key2=regex: "k=a;;b=c"',
      ],
    },
    {
      title: 'takes names that its database does not',
      answer: struct({ scores: struct({ '': ['d', ''], ['x'.repeat(129)]: ['d', ''] }) }),
      enabled: [unit(''), unit('x'.repeat(129))],
      complaints: [
        'scores: a unit without a name',
        `scores: the name "${'x'.repeat(60)}"... is longer than the 128 characters of the engine's database`,
      ],
    },
    {
      title: 'disables all for an answer without units',
      answer: struct({}),
      enabled: [],
      complaints: ['no unit is left: the engine disables every external unit until it starts again'],
    },
    {
      title: 'refuses a fourth key',
      answer: struct({ scores: struct({}), weights: struct({}) }),
      exception: `unknown type: "weights"; the engine takes filters, scores and balance only; ${LOST}`,
    },
    {
      title: 'refuses an answer that is no struct',
      answer: [],
      exception: `malformed: the answer is of type array, where the engine needs a struct; ${LOST}`,
    },
    {
      title: 'refuses a nil entry',
      answer: struct({ scores: struct({ a: null }) }),
      exception: `NullPointerException: the entry of "a" in scores is nil or missing, where the engine needs an array; ${LOST}`,
    },
    {
      title: 'refuses a short entry',
      answer: struct({ scores: struct({ a: ['d'] }) }),
      exception: `ArrayIndexOutOfBoundsException: the entry of "a" in scores has fewer than two elements; ${LOST}`,
    },
    {
      title: 'refuses a nil description',
      answer: struct({ scores: struct({ a: [null, ''] }) }),
      exception: `NullPointerException: the description of "a" in scores is nil or missing, where the engine calls toString; ${LOST}`,
    },
  ];
  for (const { title, answer, enabled, exception, complaints = [] } of cases) {
    it(title, () => {
      const outcome = enabled && { enabled };
      expect(readDiscoverAnswer(answer)).to.deep.equal({ outcome, exception, events: [], complaints });
    });
  }

  it('enables every unit of the bridge, and complains of nothing', async () => {
    const { outcome, complaints } = readDiscoverAnswer(await createStage(fixtureService()).call('discover'));
    expect(complaints).to.deep.equal([]);
    expect(outcome?.enabled.map(({ type, name }) => `${type} ${name}`)).to.include.members([
      'SCORE ksm_same_os_score',
      'FILTER accept_all_hosts',
      'BALANCE move_first',
    ]);
  });
});
