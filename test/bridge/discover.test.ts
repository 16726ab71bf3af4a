import { expect } from 'chai';
import { fixtureService } from '../contract/fixture.js';
import { createStage, discover, faultOf, policyUnit, pretend } from './stage.js';
import { unitList } from '../support/unit-list.js';

describe('discover', () => {
  it('lists the native units in the syntax of the engine', async () => {
    expect(await discover(createStage(fixtureService()))).to.deep.include({
      balance: { move_first: ['', ''] },
    });
    expect(await discover(createStage(fixtureService())))
      .to.have.nested.property('scores.ksm_same_os_score[1]')
      .that.equals('os_identity=configured|family|guest;count_self=true|false');
  });

  const property = (name: string, pattern: string) => ({ name, pattern, defaultValue: '', description: '' });

  it('leaves out what the engine can not store, and says so in the log', async () => {
    const listed = [
      policyUnit('same', { description: 'two\nlines' }),
      policyUnit('same'),
      policyUnit('same', { type: 'FILTER' }),
      policyUnit('bell\u0007'),
      policyUnit('y'.repeat(128)),
      policyUnit('props', {
        properties: [
          property('', 'x'),
          property('k', 'a|b'),
          property('k', 'other'),
          property('nul', '\u0000'),
          property('long', 'x'.repeat(1001)),
          property('empty', ''),
        ],
      }),
      policyUnit('wordy', { description: 'x'.repeat(1001) }),
    ];
    const stage = createStage(pretend({ listPolicyUnits: () => Promise.resolve(unitList(listed)) }));
    expect(await discover(stage)).to.deep.equal({
      filters: { same: ['', ''] },
      scores: {
        same: ['two lines', ''],
        ['y'.repeat(128)]: ['', ''],
        props: ['', 'k=a|b;empty='],
        wordy: [`${'x'.repeat(997)}...`, ''],
      },
      balance: {},
    });
    expect(stage.log.lines.map(({ level, event, fields }) => [level, event, fields['reason']])).to.deep.equal(
      [
        ['error', 'unit not announced', 'there are two of that type and name'],
        ['error', 'unit not announced', 'its name holds a control character'],
        ['error', 'property not announced', 'its name holds more than letters, digits and underscores'],
        ['error', 'property not announced', 'there are two of that name'],
        ['error', 'property not announced', 'its pattern holds a control character'],
        ['error', 'property not announced', 'its pattern is longer than 1000 characters'],
        ['debug', 'call answered', undefined],
      ],
    );
  });

  it('takes no arguments', async () => {
    const fault = await faultOf(createStage(pretend({})).call('discover', 1));
    expect(fault).to.include({
      code: -32602,
      message: 'discover: argument 1 is superfluous: expected 0 arguments, got 1',
    });
  });
});
