import { expect } from 'chai';
import type {
  FilterHostsResponse,
  PolicyUnitService,
  ScoreHostsResponse,
} from '../../src/domain/contract.js';
import { call } from '../support/call.js';
import { hostId, SNAPSHOT_TIME } from '../support/world.js';
import { offered, scoreRequest, scripted, startStage, tens } from './stage.js';

const [H1, H2, H3] = [hostId(1), hostId(2), hostId(3)];
const HONEST = [0, 10];

/** What becomes of the two units of a service that answers so. */
type Outcome = 'both fail' | 'the first fails' | 'the second fails' | 'none fails';

/** An answer to a request for hosts 1 and 2 by units u and v, made a lie of. */
type Lie = (honest: ScoreHostsResponse) => unknown;

const result = (unit: string, value: readonly number[]) => ({ unit, value });

const lies: readonly (readonly [title: string, lie: Lie, outcome: Outcome])[] = [
  ['nothing but the truth', (honest) => honest, 'none fails'],
  [
    'a wrong sum',
    (honest) => ({ ...honest, scores: honest.scores.map((score) => ({ ...score, score: -7 })) }),
    'none fails',
  ],
  ['a host less', (honest) => ({ ...honest, scores: honest.scores.slice(1) }), 'both fail'],
  [
    'a host twice',
    (honest) => ({ ...honest, scores: [...honest.scores, ...honest.scores.slice(1)] }),
    'both fail',
  ],
  [
    'a host more',
    (honest) => ({ ...honest, scores: [...honest.scores, { hostId: H3, score: 0 }] }),
    'both fail',
  ],
  ['another order', (honest) => ({ ...honest, scores: honest.scores.toReversed() }), 'both fail'],
  [
    'a value less',
    (honest) => ({ ...honest, unitResults: [result('u', [1]), result('v', HONEST)] }),
    'both fail',
  ],
  ['a unit less', (honest) => ({ ...honest, unitResults: [result('u', HONEST)] }), 'both fail'],
  [
    'a unit twice',
    (honest) => ({ ...honest, unitResults: [result('u', HONEST), result('u', HONEST)] }),
    'both fail',
  ],
  [
    'a unit more',
    (honest) => ({ ...honest, unitResults: [...honest.unitResults, result('w', HONEST)] }),
    'both fail',
  ],
  [
    'a score of 101',
    (honest) => ({ ...honest, unitResults: [result('u', [101, 0]), result('v', HONEST)] }),
    'the first fails',
  ],
  [
    'a score of 0.5',
    (honest) => ({ ...honest, unitResults: [result('u', HONEST), result('v', [0, 0.5])] }),
    'the second fails',
  ],
  [
    'a score that is text',
    (honest) => ({ ...honest, unitResults: [{ unit: 'u', value: ['1', 1] }, result('v', HONEST)] }),
    'the first fails',
  ],
  [
    'neither values nor a failure',
    (honest) => ({ ...honest, unitResults: [{ unit: 'u' }, result('v', HONEST)] }),
    'both fail',
  ],
  ['a time that is none', (honest) => ({ ...honest, snapshotTime: Number.NaN }), 'both fail'],
  ['no time, which is no lie', (honest) => ({ ...honest, snapshotTime: undefined }), 'none fails'],
  ['nothing', () => undefined, 'both fail'],
  ['no lists', () => ({}), 'both fail'],
];

describe('a service that lies about scores', () => {
  for (const [title, lie, outcome] of lies) {
    it(`by ${title}: ${outcome}, and the other service counts`, async () => {
      const [liar, honest] = [scripted('u', 'v'), scripted('a')];
      // What a service of another language answers was not seen by this compiler.
      const scoreHosts = (...[request]: Parameters<PolicyUnitService['scoreHosts']>) =>
        Promise.resolve(lie(tens(request)));
      Object.assign(liar.methods, { scoreHosts });
      const { composite } = await startStage([
        { name: 'liar', service: liar, remote: true },
        { name: 'honest', service: honest, remote: true },
      ]);
      const { scores, unitResults } = await composite.scoreHosts(scoreRequest(), call());
      const failing: Readonly<Record<Outcome, readonly string[]>> = {
        'both fail': ['u', 'v'],
        'the first fails': ['u'],
        'the second fails': ['v'],
        'none fails': [],
      };
      const fails = failing[outcome];
      expect(
        unitResults.map(({ unit, value, failure }) => [
          unit,
          value ?? failure.code,
          failure?.message.split(':')[0],
        ]),
      ).to.deep.equal(
        ['u', 'v', 'a'].map((unit) =>
          fails.includes(unit) ? [unit, 'INTERNAL', 'liar'] : [unit, HONEST, undefined],
        ),
      );
      expect(scores.map(({ hostId, score }) => [hostId, score])).to.deep.equal([
        [H1, 0],
        [H2, 10 * (3 - fails.length)],
      ]);
    });
  }
});

describe('a service that lies about accepted hosts', () => {
  const accepted = (...value: readonly string[]) => ({ unit: 'f', value });
  const table: readonly (readonly [
    title: string,
    unitResults: readonly unknown[],
    accepted: readonly string[],
    fails: boolean,
  ])[] = [
    ['nothing but the truth', [accepted(H1)], [H1], false],
    ['a host more', [accepted(H1, H3)], [H1, H2], true],
    ['a host twice', [accepted(H1, H1)], [H1, H2], true],
    ['another unit', [{ unit: 'g', value: [H1] }], [H1, H2], true],
    ['no unit', [], [H1, H2], true],
    ['no list', [{ unit: 'f', value: 7 }], [H1, H2], true],
  ];
  for (const [title, unitResults, expected, fails] of table) {
    it(`by ${title}: the filter ${fails ? 'fails and rejects nothing' : 'counts'}`, async () => {
      const liar = scripted(offered('FILTER', 'f'));
      const answer = { hostIds: [], unitResults, snapshotTime: SNAPSHOT_TIME };
      Object.assign(liar.methods, { filterHosts: () => Promise.resolve(answer) });
      const { composite } = await startStage([{ name: 'liar', service: liar, remote: true }]);
      const response: FilterHostsResponse = await composite.filterHosts(
        { ...scoreRequest(), hosts: [H1, H2], units: [] },
        call(),
      );
      expect(response.hostIds).to.deep.equal(expected);
      expect(response.unitResults[0]?.failure?.code).to.equal(fails ? 'INTERNAL' : undefined);
    });
  }
});
