import { expect } from 'chai';
import { costsOf, isCost, sumCosts, type ScoreMode } from '../../src/engine-model/costs.js';
import type { Direction } from '../../src/domain/contract.js';
import { SchedulingError } from '../../src/domain/errors.js';

const HIGHER = 'HIGHER_IS_BETTER';
const LOWER = 'LOWER_IS_BETTER';
const MAX = 2 ** 31 - 1;
const MIN = -(2 ** 31);

const costs = (values: readonly number[], direction: Direction = LOWER) =>
  costsOf(
    { values, direction, mode: 'raw' },
    values.map((_, place) => place),
  );

describe('costsOf', () => {
  const cases: readonly {
    readonly title: string;
    readonly direction: Direction;
    readonly mode?: ScoreMode;
    readonly values: readonly number[];
    readonly places?: readonly number[];
    readonly costs: readonly number[];
  }[] = [
    {
      title: 'scores 0, 66, 100 -> costs 100, 34, 0',
      direction: HIGHER,
      values: [0, 66, 100],
      costs: [100, 34, 0],
    },
    {
      title: 'scores 0, 66, 100, raw -> 0, 66, 100',
      direction: HIGHER,
      mode: 'raw',
      values: [0, 66, 100],
      costs: [0, 66, 100],
    },
    { title: 'raw costs -3, 1000 pass untouched', direction: LOWER, values: [-3, 1000], costs: [-3, 1000] },
    {
      title: 'raw costs pass untouched in raw mode too',
      direction: LOWER,
      mode: 'raw',
      values: [7],
      costs: [7],
    },
    {
      title: 'an unknown host among scores 66 -> 100',
      direction: HIGHER,
      values: [66],
      places: [-1, 0],
      costs: [100, 34],
    },
    {
      title: 'an unknown host among scores 66, raw -> 100',
      direction: HIGHER,
      mode: 'raw',
      values: [66],
      places: [-1, 0],
      costs: [100, 66],
    },
    {
      title: 'an unknown host among raw costs -5, -9 -> the highest, -5',
      direction: LOWER,
      values: [-5, -9],
      places: [0, -1, 1],
      costs: [-5, -5, -9],
    },
    {
      title: 'raw costs without any value: all tie at 0',
      direction: LOWER,
      values: [],
      places: [-1, -1],
      costs: [0, 0],
    },
    {
      title: 'scores without any value: all tie at 100',
      direction: HIGHER,
      values: [],
      places: [-1, -1],
      costs: [100, 100],
    },
    { title: 'the ends of 32 bits pass', direction: LOWER, values: [MIN, MAX], costs: [MIN, MAX] },
    { title: '-0 leaves as 0', direction: LOWER, values: [-0], costs: [0] },
    { title: 'no hosts', direction: HIGHER, values: [], costs: [] },
  ];
  for (const {
    title,
    direction,
    mode = 'asCosts',
    values,
    places = values.map((_, n) => n),
    costs,
  } of cases) {
    it(title, () => {
      expect(costsOf({ values, direction, mode }, places)).to.deep.equal(costs);
    });
  }

  const each = 'expected an integer of 32 bits for each host, got';
  const wrong: readonly (readonly [values: readonly number[], direction: Direction, text: string])[] = [
    [[0.5], HIGHER, `${each} "0.5"`],
    [[Number.NaN], LOWER, `${each} "NaN"`],
    [[MAX + 1], LOWER, `${each} "2147483648"`],
    [[MIN - 1], LOWER, `${each} "-2147483649"`],
    [[Number.POSITIVE_INFINITY], LOWER, `${each} "Infinity"`],
  ];
  for (const [values, direction, text] of wrong) {
    it(`fails: ${text}`, () => {
      expect(() => costs(values, direction))
        .to.throw(SchedulingError, `the service's answer breaks the contract: ${text}`)
        .with.property('code', 'INTERNAL');
    });
  }
});

describe('costsOf, of too few values', () => {
  it('fails: 1 value for 2 hosts', () => {
    expect(() => costsOf({ values: [1], direction: HIGHER, mode: 'asCosts' }, [0, 1])).to.throw(
      SchedulingError,
      "the service's answer breaks the contract: it has 1 values, fewer than one for each host",
    );
  });
});

describe('sumCosts', () => {
  const cases: readonly {
    readonly title: string;
    readonly units: readonly { readonly costs: readonly number[]; readonly factor: number }[];
    readonly sums: readonly number[];
    readonly clamped?: number;
  }[] = [
    {
      title: '3 x 34 + 2 x 50 = 202',
      units: [
        { costs: [34], factor: 3 },
        { costs: [50], factor: 2 },
      ],
      sums: [202],
    },
    { title: '0 x 34 = 0', units: [{ costs: [34], factor: 0 }], sums: [0] },
    { title: '2 x -7 = -14', units: [{ costs: [-7], factor: 2 }], sums: [-14] },
    { title: '0 x -7 = 0, not -0', units: [{ costs: [-7], factor: 0 }], sums: [0] },
    {
      title: '2 x (2^31 - 1) is cut, 1 x 5 is not',
      units: [{ costs: [MAX, 2], factor: 2 }],
      sums: [MAX, 4],
      clamped: 1,
    },
    { title: '2 x -2^31 is cut', units: [{ costs: [MIN], factor: 2 }], sums: [MIN], clamped: 1 },
    {
      title: '(2^31 - 1) - (2^31 - 1) = 0 needs no cut',
      units: [
        { costs: [MAX], factor: 1 },
        { costs: [-MAX], factor: 1 },
      ],
      sums: [0],
    },
  ];
  for (const { title, units, sums, clamped = 0 } of cases) {
    it(title, () => {
      const weighted = units.map((unit) => ({ costs: costs(unit.costs), factor: unit.factor }));
      expect(sumCosts(weighted, sums.length)).to.deep.equal({ sums, clamped });
    });
  }
});

describe('isCost', () => {
  for (const [value, is] of [
    [MIN, true],
    [MAX, true],
    [0, true],
    [MIN - 1, false],
    [MAX + 1, false],
    [0.5, false],
    [Number.NaN, false],
  ] as const) {
    it(`${value} ${is ? 'is one' : 'is none'}`, () => {
      expect(isCost(value)).to.equal(is);
    });
  }
});
