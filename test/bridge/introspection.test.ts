import { expect } from 'chai';
import { vmId } from '../support/world.js';
import { createStage, faultOf, filtering, hosts, pretend } from './stage.js';

describe('introspection', () => {
  const stage = createStage(pretend({}));
  const names = [
    ...['discover', 'runFilters', 'runCostFunctions', 'runLoadBalancing'],
    ...['system.listMethods', 'system.methodHelp', 'system.methodSignature'],
  ];

  it('lists the methods', async () => {
    expect(await stage.call('system.listMethods')).to.deep.equal(names);
  });

  it('helps with each, and gives signatures of known types', async () => {
    for (const name of names) {
      expect(await stage.call('system.methodHelp', name)).to.match(/\w{3}.*\.$/);
      const signatures = await stage.call('system.methodSignature', name);
      expect(Array.isArray(signatures) && signatures.length > 0).to.equal(true, name);
      for (const type of Array.isArray(signatures) ? signatures.flat() : []) {
        expect(type).to.be.oneOf(['struct', 'array', 'string', 'nil']);
      }
    }
    expect(await stage.call('system.methodSignature', 'runLoadBalancing')).to.deep.equal([
      ['struct', 'string', 'array', 'struct'],
      ['struct', 'string', 'array', 'nil'],
    ]);
  });

  const faults: readonly (readonly [
    method: string,
    params: readonly (string | number)[],
    code: number,
    text: string,
  ])[] = [
    ['noSuch', [], -32601, `there is no method "noSuch"; there are: ${names.join(', ')}`],
    ['__proto__', [], -32601, `there is no method "__proto__"; there are: ${names.join(', ')}`],
    ['system.methodHelp', ['noSuch'], -32601, `there is no method "noSuch"; there are: ${names.join(', ')}`],
    [
      'system.methodHelp',
      [7],
      -32602,
      'system.methodHelp: argument 1, methodName: expected a string with the name of a method, got int',
    ],
    [
      'system.methodSignature',
      [],
      -32602,
      'system.methodSignature: argument 1, methodName is missing: expected 1 arguments (methodName), got 0',
    ],
    [
      'system.listMethods',
      [1],
      -32602,
      'system.listMethods: argument 1 is superfluous: expected 0 arguments, got 1',
    ],
  ];
  for (const [method, params, code, message] of faults) {
    it(`faults with ${code}: ${message.slice(0, 60)}`, async () => {
      const stage = createStage(pretend({}));
      expect(await faultOf(stage.call(method, ...params))).to.include({ code, message });
      expect(stage.ends).to.deep.equal([{ method, seconds: 0, outcome: 'fault' }]);
      expect(
        stage.log.lines.map(({ level, event, fields }) => [level, event, fields['method']]),
      ).to.deep.equal([['warn', 'fault sent', names.includes(method) ? method : '(unknown)']]);
    });
  }

  it('faults with a fixed text for a bug of its own, and logs the stack', async () => {
    const onUnitFailure = () => {
      throw new Error('secret');
    };
    const stage = createStage(filtering({}), { onUnitFailure });
    const fault = await faultOf(stage.call('runFilters', ['a'], hosts(1), vmId(1), null));
    expect(fault).to.include({ code: -32603 });
    expect(fault.message).to.equal('internal error; the log of the service has it under the request id');
    expect(stage.log.lines.at(-1)?.fields['stack']).to.match(/Error: secret\n\s+at /);
  });
});
