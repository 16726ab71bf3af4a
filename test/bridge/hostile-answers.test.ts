import { expect } from 'chai';
import fc from 'fast-check';
import type { PolicyUnitService } from '../../src/domain/contract.js';
import { hostId, vmId } from '../support/world.js';
import { balanced, booked, filtered, summed } from '../engine-model/pretend-engine.js';
import { createStage, pretend, type Stage } from './stage.js';

const ASKED = [1, 2, 3].map(hostId).map((id, index) => (index === 1 ? id.toUpperCase() : id));
const UNITS = ['a', 'b'];

/** Answers of each kind; enough for every lie to have come up, few enough for every run of the tests. */
const RUNS = 300;

/** Whatever a service makes up, as if its types held. */
const asAnswer = <Answer>(made: unknown): Promise<Answer> => Promise.resolve(made as Answer);

const anyNumber = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 100 }) },
  fc.constantFrom<unknown>(
    Number.NaN,
    Infinity,
    -0,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    2 ** 40,
    0.5,
    -1,
    '7',
    null,
    true,
    7n,
    {},
  ),
);

const anyHost = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...[1, 2, 3].map(hostId)) },
  fc.constantFrom<unknown>(hostId(9), hostId(1).toUpperCase(), '', 'web-1', undefined, null, 5),
);

const anyDirection = fc.constantFrom<unknown>('HIGHER_IS_BETTER', 'LOWER_IS_BETTER', undefined, 'SIDEWAYS');

const anyFailure = fc.record({
  code: fc.constantFrom<unknown>('INTERNAL', 'NOT_FOUND', 'UNAVAILABLE', 'ODD', undefined),
  message: fc.oneof(fc.string({ unit: 'binary', maxLength: 600 }), fc.constant(undefined)),
});

const results = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => {
  const one = fc.record(
    {
      unit: fc.constantFrom<unknown>('a', 'b', 'c', undefined),
      value,
      direction: anyDirection,
      failure: anyFailure,
    },
    { requiredKeys: ['unit'] },
  );
  const well = fc.tuple(value, value, anyDirection).map(([a, b, direction]) => [
    { unit: 'a', value: a, direction },
    { unit: 'b', value: b, direction },
  ]);
  return fc.oneof(
    { weight: 3, arbitrary: well },
    fc.array(one, { maxLength: 4 }),
    fc.constantFrom(undefined, null, 'x', [null]),
  );
};

const anyScores = fc.oneof(
  { weight: 4, arbitrary: fc.constant([1, 2, 3].map((n) => ({ hostId: hostId(n), score: 0 }))) },
  fc.array(fc.record({ hostId: anyHost, score: anyNumber }), { maxLength: 4 }),
  fc.constantFrom(undefined, [undefined], 'x'),
);

const anyResponse = fc.record({
  scores: anyScores,
  unitResults: results(
    fc.oneof(
      fc.array(anyNumber, { minLength: 3, maxLength: 3 }),
      fc.array(anyNumber, { maxLength: 4 }),
      anyNumber,
    ),
  ),
  unknownHostIds: fc.oneof(
    fc.constant([]),
    fc.array(anyHost, { maxLength: 3 }),
    fc.constantFrom(undefined, null),
  ),
});

const stageOf = (answers: Partial<PolicyUnitService>, rows: 'perUnit' | 'summed' = 'perUnit'): Stage =>
  createStage(pretend(answers), { rows });

describe('whatever a service answers, the engine gets what it can read', () => {
  const scoring = (response: unknown): Partial<PolicyUnitService> => ({
    scoreHosts: () => asAnswer(response),
  });

  it('as rows of three', async () => {
    let counted = 0;
    await fc.assert(
      fc.asyncProperty(anyResponse, async (response) => {
        const asked = UNITS.map((name) => [name, 3]);
        const stage = stageOf(scoring(response));
        const answer = await stage.call('runCostFunctions', asked, ASKED, vmId(1), null);
        counted += booked(answer, ASKED, UNITS).size;
      }),
      { numRuns: RUNS },
    );
    expect(counted).to.be.greaterThan(0);
  });

  it('as sums', async () => {
    let counted = 0;
    await fc.assert(
      fc.asyncProperty(anyResponse, fc.maxSafeInteger(), async (response, factor) => {
        const asked = UNITS.map((name) => [name, factor | 0]);
        const stage = stageOf(scoring(response), 'summed');
        const answer = await stage.call('runCostFunctions', asked, ASKED, vmId(1), null);
        counted += summed(answer, ASKED).size;
      }),
      { numRuns: RUNS },
    );
    expect(counted).to.be.greaterThan(0);
  });

  it('as filtered hosts', async () => {
    const anyFiltered = fc.record({
      hostIds: fc.array(anyHost, { maxLength: 3 }),
      unitResults: results(fc.oneof(fc.array(anyHost, { maxLength: 4 }), anyNumber)),
    });
    const lengths = new Set<number>();
    await fc.assert(
      fc.asyncProperty(anyFiltered, async (response) => {
        const stage = stageOf({ filterHosts: () => asAnswer(response) });
        const answer = await stage.call('runFilters', UNITS, ASKED, vmId(1), null);
        lengths.add(filtered(answer, ASKED).length);
      }),
      { numRuns: RUNS },
    );
    expect([...lengths].sort()).to.deep.equal([0, 1, 2, 3]);
  });

  it('as two elements', async () => {
    const anyMigration = fc.record({
      vmId: fc.constantFrom<unknown>(vmId(1), vmId(1).toUpperCase(), '', 'web-1', undefined, 5),
      candidateHostIds: fc.oneof(fc.array(anyHost, { maxLength: 3 }), fc.constantFrom(undefined, 'x')),
    });
    const anyBalanced = fc.oneof(
      fc.record({ migration: anyMigration }),
      fc.constantFrom<unknown>({}, { migration: null }, null, undefined),
    );
    let counted = 0;
    await fc.assert(
      fc.asyncProperty(anyBalanced, async (response) => {
        const stage = stageOf({ balanceHosts: () => asAnswer(response) });
        counted += balanced(await stage.call('runLoadBalancing', 'a', ASKED, null), ASKED).length;
      }),
      { numRuns: RUNS },
    );
    expect(counted).to.be.greaterThan(0);
  });
});
