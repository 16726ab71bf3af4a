import { expect } from 'chai';
import {
  checkAcceptedHosts,
  checkMigration,
  checkScores,
  checkUnitList,
} from '../../src/domain/check-answer.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { hostListOf } from '../../src/domain/host-list.js';
import { hostId, SNAPSHOT_TIME } from '../support/world.js';
import {
  ASKED_HOSTS,
  ASKED_UNITS,
  FILTER_ANSWERS,
  MIGRATION_ANSWERS,
  SCORE_ANSWERS,
  UNIT_LISTS,
  type LyingAnswer,
} from './lying-answers.js';

const BROKEN = "the service's answer breaks the contract: ";
const hosts = hostListOf(ASKED_HOSTS);

/** Which units fail, and the message of the first, whether the answer was refused whole or not. */
function outcomeOf(
  check: () => {
    readonly unitResults: readonly {
      readonly unit: string;
      readonly failure?: { readonly message: string };
    }[];
  },
): readonly [fails: readonly string[], message: string | undefined] {
  try {
    const failed = check().unitResults.filter(({ failure }) => failure !== undefined);
    return [failed.map(({ unit }) => unit), failed[0]?.failure?.message];
  } catch (error) {
    if (!(error instanceof SchedulingError)) throw error;
    return [ASKED_UNITS, error.message];
  }
}

const told = (prefix: string, problem: string | undefined) =>
  problem === undefined ? undefined : `${prefix}${BROKEN}${problem}`;

const titleOf = ({ title, fails }: LyingAnswer<unknown>) =>
  `${title}: ${fails.join(', ') || 'nothing'} fails`;

describe('the check of scores', () => {
  const units = ASKED_UNITS.map((name) => ({ name, direction: 'HIGHER_IS_BETTER' as const }));

  for (const one of SCORE_ANSWERS) {
    it(titleOf(one), () => {
      const outcome = outcomeOf(() => checkScores(one.answer, { hosts, units }));
      expect(outcome).to.deep.equal([one.fails, told('', one.problem)]);
    });
  }

  it('returns a good answer as it is', () => {
    const good = SCORE_ANSWERS[0]?.answer;
    if (good === undefined) throw new Error('no answer');
    expect(checkScores(good, { hosts, units })).to.equal(good);
  });

  it('names the service whose single unit fails', () => {
    const lie = SCORE_ANSWERS.find(({ title }) => title === 'a score of 101');
    if (lie === undefined) throw new Error('no answer');
    const [, message] = outcomeOf(() => checkScores(lie.answer, { hosts, units, service: 'gpu' }));
    expect(message).to.equal(told('gpu: ', lie.problem));
  });

  const answerOf = (
    scores: readonly string[],
    unitResults: readonly { unit: string; value: number[] }[],
  ) => ({
    scores: scores.map((id) => ({ hostId: id, score: 0 })),
    unitResults,
    unknownHostIds: [],
    snapshotTime: SNAPSHOT_TIME,
  });

  const upHosts: readonly (readonly [title: string, hosts: readonly string[], problem?: string])[] = [
    ['any order of them', [hostId(3), hostId(1)]],
    ['none', []],
    ['one twice', [hostId(1), hostId(1)], `scores: duplicate host ${hostId(1)}`],
    ['one that is no id', ['host-1'], 'scores: expected the id of a host, got "host-1"'],
  ];
  for (const [title, ids, problem] of upHosts) {
    it(`of all hosts takes ${title}: ${problem ?? 'ok'}`, () => {
      const answer = answerOf(ids, [{ unit: 'u', value: ids.map(() => 5) }]);
      const check = () => checkScores(answer, { hosts: 'ALL_UP', units: [{ name: 'u' }] });
      if (problem === undefined) expect(check()).to.equal(answer);
      else expect(check).to.throw(SchedulingError, problem);
    });
  }

  it('of whichever units there are takes each once', () => {
    const results = ['b', 'a'].map((unit) => ({ unit, value: [0, 0] }));
    const ask = { hosts, units: [] };
    expect(checkScores(answerOf(ASKED_HOSTS, results), ask).unitResults).to.equal(results);
    const twice = results.map((result) => ({ ...result, unit: 'a' }));
    expect(() => checkScores(answerOf(ASKED_HOSTS, twice), ask)).to.throw('duplicate unit');
  });

  const directions: readonly (readonly [
    title: string,
    listed: 'HIGHER_IS_BETTER' | 'LOWER_IS_BETTER' | undefined,
    answered: 'HIGHER_IS_BETTER' | 'LOWER_IS_BETTER' | undefined,
    fails: boolean,
  ])[] = [
    ['a score as listed', 'HIGHER_IS_BETTER', undefined, true],
    ['a cost as listed', 'LOWER_IS_BETTER', undefined, false],
    ['a cost by its answer, whatever is listed', 'HIGHER_IS_BETTER', 'LOWER_IS_BETTER', false],
    ['a score by its answer, whatever is listed', 'LOWER_IS_BETTER', 'HIGHER_IS_BETTER', true],
    ['of a direction that nobody knows', undefined, undefined, false],
  ];
  for (const [title, listed, answered, fails] of directions) {
    it(`takes 140 as ${title}: ${fails ? 'out of range' : 'ok'}`, () => {
      const direction = answered === undefined ? {} : { direction: answered };
      const answer = answerOf(ASKED_HOSTS, [{ unit: 'u', value: [140, 0], ...direction }]);
      const { unitResults } = checkScores(answer, { hosts, units: [{ name: 'u', direction: listed }] });
      expect(unitResults[0]?.failure !== undefined).to.equal(fails);
    });
  }
});

describe('the check of accepted hosts', () => {
  for (const one of FILTER_ANSWERS) {
    it(titleOf(one), () => {
      const outcome = outcomeOf(() => checkAcceptedHosts(one.answer, { hosts, units: ASKED_UNITS }));
      expect(outcome).to.deep.equal([one.fails, told('', one.problem)]);
    });
  }

  it('brings what a filter accepts into the order asked', () => {
    const [first = '', second = ''] = ASKED_HOSTS;
    const answer = { hostIds: [], unitResults: [{ unit: 'u', value: [second, first] }] };
    const { unitResults } = checkAcceptedHosts(answer, { hosts, units: ['u'] });
    expect(unitResults).to.deep.equal([{ unit: 'u', value: [first, second] }]);
  });
});

describe('the check of a migration', () => {
  for (const { title, answer, problem } of MIGRATION_ANSWERS) {
    it(`${title}: ${problem === undefined ? 'ok' : 'refused'}`, () => {
      const check = () => checkMigration(answer, hosts);
      if (problem === undefined) expect(check()).to.equal(answer);
      else expect(check).to.throw(SchedulingError, `${BROKEN}${problem}`).with.property('code', 'INTERNAL');
    });
  }
});

describe('the check of a list of units', () => {
  const unit = { type: 'FILTER' as const, description: '', properties: [] };

  for (const { title, units, taken = units.length, properties, fault } of UNIT_LISTS) {
    it(`${title}: ${fault === undefined ? 'ok' : fault.reason}`, () => {
      const own = { source: 'x.py', reason: 'SyntaxError' };
      const checked = checkUnitList({ units, problems: [own], hasInventory: false });
      expect(checked.units).to.have.length(taken);
      expect(checked.faults).to.deep.equal(fault === undefined ? [] : [fault]);
      expect(checked.problems).to.deep.equal([...checked.faults, own]);
      if (properties !== undefined) expect(checked.units[0]?.properties).to.have.length(properties);
    });
  }

  it('keeps 100 problems of 101, those that it found first', () => {
    const problems = Array.from({ length: 101 }, (_, n) => ({ source: `${n}`, reason: '' }));
    const list = { units: [{ ...unit, name: '' }], problems, hasInventory: false };
    const checked = checkUnitList(list).problems.map(({ source }) => source);
    expect(checked).to.deep.equal(['FILTER unit ""', ...problems.slice(0, 99).map(({ source }) => source)]);
    const bad = Array.from({ length: 101 }, () => ({ ...unit, name: '' }));
    expect(checkUnitList({ units: bad, problems: [], hasInventory: false }).faults).to.have.length(100);
  });
});
