import { expect } from 'chai';
import {
  asRead,
  createStage,
  discover,
  filtering,
  filters,
  plain,
  policyUnit,
  pretend,
  reply,
} from './stage.js';
import {
  brokenUnit,
  engineReply,
  failedUnit,
  MAX_MESSAGE_LENGTH,
  MAX_MESSAGES,
} from '../../src/bridge/reply.js';
import { MAX_DESCRIPTION_LENGTH, MAX_PATTERN_LENGTH } from '../../src/bridge/discover.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { hostId } from '../support/world.js';
import { unitList } from '../support/unit-list.js';

const H1 = hostId(1);

const failed = (unit: string, message = 'why') => failedUnit(unit, { code: 'INTERNAL', message });

describe('engine reply', () => {
  it('has result_code 0 and both error members when nothing failed', () => {
    expect(plain(asRead(engineReply([H1])))).to.deep.equal(reply([H1]));
  });

  it('has result_code 1 for a failed unit, and for an error alone', () => {
    expect(plain(asRead(engineReply([], [failed('u')])))).to.deep.equal(reply([], { u: 'INTERNAL: why' }));
    expect(plain(asRead(engineReply([], [], ['bad'])))).to.deep.equal(reply([], {}, ['bad']));
  });

  it(`tells of ${MAX_MESSAGES} failed units, and how many more there are: 103 - 100 = 3`, () => {
    const all = Array.from({ length: 103 }, (_, n) => failed(`u${n}`));
    const told = engineReply([], all);
    const errors = told.get('plugin_errors');
    expect(errors instanceof Map ? errors.size : 0).to.equal(100);
    expect(told.get('errors')).to.deep.equal(['3 more units failed']);
  });

  it(`keeps messages on one line of up to ${MAX_MESSAGE_LENGTH} characters that XML can hold`, () => {
    const odd = failed('u', `a\r\n\tb\u0000c\ud800d\u2028e\uffff`);
    expect(odd.failure.message).to.equal('INTERNAL: a b c d e');
    expect(failed('u', 'x'.repeat(490)).failure.message).to.equal(`INTERNAL: ${'x'.repeat(490)}`);
    expect(failed('u', 'x'.repeat(491)).failure.message).to.equal(`INTERNAL: ${'x'.repeat(487)}...`);
  });

  it('says of what was thrown what a caller may know, and keeps the rest for the log', () => {
    const thrown = new TypeError('secret');
    const { failure, error } = brokenUnit('u', thrown);
    expect(failure).to.deep.equal({
      code: 'INTERNAL',
      message: 'INTERNAL: internal error; the log of the service has it under the request id',
    });
    expect(error?.cause).to.equal(thrown);
    const late = new SchedulingError('DEADLINE_EXCEEDED', 'late');
    expect(brokenUnit('u', late).error).to.equal(late);
  });

  it('of a filter that is not there has the words of the old proxy', async () => {
    expect(await filters(createStage(filtering({})), ['gone'], [H1])).to.deep.equal(
      reply([H1], { gone: "plugin not found: 'gone'" }, ['all filters failed']),
    );
  });

  it('to discover has descriptions of 1000 characters, and patterns of 1000', async () => {
    const property = (name: string, length: number) => ({
      name,
      pattern: 'x'.repeat(length),
      defaultValue: '',
      description: '',
    });
    const listed = [
      policyUnit('fits', {
        description: 'x'.repeat(MAX_DESCRIPTION_LENGTH),
        properties: [property('p', MAX_PATTERN_LENGTH), property('q', MAX_PATTERN_LENGTH + 1)],
      }),
    ];
    const stage = createStage(pretend({ listPolicyUnits: () => Promise.resolve(unitList(listed)) }));
    expect(await discover(stage)).to.have.deep.property('scores', {
      fits: ['x'.repeat(1000), `p=${'x'.repeat(1000)}`],
    });
  });
});
