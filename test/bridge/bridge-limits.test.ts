import { expect } from 'chai';
import {
  DEFAULT_BRIDGE_LIMITS,
  resolveBridgeLimits,
  type BridgeLimits,
} from '../../src/bridge/bridge-limits.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { hostId } from '../support/world.js';
import { createStage, discover, filtering, filters, policyUnit, pretend, reply } from './stage.js';
import { unitList } from '../support/unit-list.js';

const H1 = hostId(1);
const failure = { code: 'UNAVAILABLE', message: 'x'.repeat(100) } as const;

describe('limits of the bridge', () => {
  it('are the defaults but for those that are given', () => {
    expect(resolveBridgeLimits()).to.deep.equal(DEFAULT_BRIDGE_LIMITS);
    expect(resolveBridgeLimits({ maxUnits: 7 })).to.deep.equal({ ...DEFAULT_BRIDGE_LIMITS, maxUnits: 7 });
  });

  for (const name of Object.keys(DEFAULT_BRIDGE_LIMITS)) {
    it(`${name} is refused when it is no whole number of 1 or more, and named`, () => {
      for (const value of [0, -1, 1.5, Number.NaN]) {
        expect(() => resolveBridgeLimits({ [name]: value })).to.throw(
          SchedulingError,
          `limits.${name}: expected a whole number of 1 or more, got ${value}`,
        );
      }
    });
  }

  const failing = (limits: Partial<BridgeLimits>) =>
    filters(
      createStage(filtering({ a: failure, b: failure, c: failure }), { limits }),
      ['a', 'b', 'c'],
      [H1],
    );

  it('maxMessages = 2: two failed units are named, and one more is counted', async () => {
    const text = `UNAVAILABLE: ${failure.message}`;
    expect(await failing({ maxMessages: 2 })).to.deep.equal(
      reply([H1], { a: text, b: text }, ['all filters failed', '1 more units failed']),
    );
  });

  for (const [maxMessageLength, text] of [
    [20, 'UNAVAILABLE: xxxx...'],
    [1, '...'],
    [1000, `UNAVAILABLE: ${failure.message}`],
  ] as const) {
    it(`maxMessageLength = ${maxMessageLength}: messages end in three dots there`, async () => {
      expect(await failing({ maxMessageLength })).to.have.nested.property('plugin_errors.a[0]', text);
    });
  }

  it('maxMessageLength above its default lets longer messages through: 13 + 600 characters', async () => {
    const service = filtering({ a: { code: 'UNAVAILABLE', message: 'x'.repeat(600) } });
    const answer = await filters(createStage(service, { limits: { maxMessageLength: 1000 } }), ['a'], [H1]);
    expect(answer).to.have.nested.property('plugin_errors.a[0]').that.has.lengthOf(613);
  });

  it('maxDescriptionLength = 10 and maxPatternLength = 3: 10 characters, and 4 are too many for a pattern', async () => {
    const property = (name: string, pattern: string) => ({
      name,
      pattern,
      defaultValue: '',
      description: '',
    });
    const properties = [property('fits', 'abc'), property('long', 'abcd')];
    const listed = [policyUnit('a', { description: '12345678901', properties })];
    const stage = createStage(pretend({ listPolicyUnits: () => Promise.resolve(unitList(listed)) }), {
      limits: { maxDescriptionLength: 10, maxPatternLength: 3 },
    });
    expect(await discover(stage)).to.have.deep.property('scores', { a: ['1234567...', 'fits=abc'] });
  });
});
