import { expect } from 'chai';
import { createAnonymiser, withoutNames } from '../../src/commands/decision-export.js';
import { uuid } from '../decisions/sample.js';

const decision = {
  id: 'e1',
  time: '2026-01-02T03:04:05.678Z',
  requestId: 'engine-1',
  vmId: uuid(7),
  vmName: 'vm-7',
  vmOs: 'rhel_9x64',
  policy: 'gold',
  policyHash: 'a1',
  properties: { weight: '3', avoid: 'host-1', strict: 'true' },
  snapshots: [{ service: 'second', eventId: '12' }],
  hosts: [{ hostId: uuid(1), hostName: 'host-1' }, { hostId: uuid(2) }],
  unknownHostIds: [uuid(1)],
  units: [
    { unit: 'u', weight: 2, scores: { values: [1, 2], direction: 'DIRECTION_HIGHER_IS_BETTER' } },
    { unit: 'v', failure: { code: 'FAILURE_CODE_UNAVAILABLE', message: 'host-1: late' } },
  ],
  reasons: [{ unit: 'u', hostId: uuid(1), text: 'host-1 is full' }],
  outcome: { hostId: uuid(1), regret: '-4' },
  shadows: [{ shadow: 'next', winnerHostId: uuid(1), failure: 'host-1: late' }],
};

describe('decisions export', () => {
  it('leaves out names, and words that may hold them', () => {
    const rest = Object.entries(decision).filter(([name]) => name !== 'vmName' && name !== 'reasons');
    expect(withoutNames(decision)).to.deep.equal({
      ...Object.fromEntries(rest),
      hosts: [{ hostId: uuid(1) }, { hostId: uuid(2) }],
      units: [decision.units[0], { unit: 'v', failure: { code: 'FAILURE_CODE_UNAVAILABLE' } }],
      shadows: [{ shadow: 'next', winnerHostId: uuid(1) }],
    });
  });

  it('replaces names that are numbers or switches, and keeps such values of properties', () => {
    const named = {
      ...{ vmName: '4711', vmOs: 'true', policy: '2024', requestId: '20231' },
      hosts: [{ hostId: uuid(1), hostName: '42' }],
      snapshots: [{ service: '-10.5', eventId: '12' }],
    };
    const text = JSON.stringify(createAnonymiser()({ ...named, properties: { vmName: '7' } }));
    for (const name of ['"4711"', '"true"', '"2024"', '"20231"', '"42"', '"-10.5"'])
      expect(text).not.to.include(name);
    expect(text)
      .to.include('"12"')
      .and.to.match(/"properties":\{"property-[0-9a-f]{12}":"7"\}/);
  });

  it('replaces every text that is no word of the contract, the same by the same', () => {
    const key = Buffer.alloc(32, 7);
    const told = createAnonymiser(key)(decision);
    const text = JSON.stringify(told);
    for (const secret of [
      '"vm-7"',
      'rhel',
      'gold',
      '"host-1"',
      'host-1:',
      'second',
      'next',
      'late',
      'full',
      'engine-1',
      '"a1"',
      'avoid',
      'strict',
    ])
      expect(text).not.to.include(secret);
    for (const id of [1, 2, 7].map(uuid)) expect(text).not.to.include(id);
    for (const kept of [
      '"e1"',
      '2026-01-02',
      '"weight":2',
      ':"3"',
      ':"true"',
      '"12"',
      '"-4"',
      'UNAVAILABLE',
      '"u"',
    ])
      expect(text).to.include(kept);
    expect(text.match(/"property-[0-9a-f]{12}":/g)).to.have.length(3);
    const id = /"winnerHostId":"([^"]+)"/.exec(text)?.[1] ?? '';
    expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(text.split(id)).to.have.length(1 + 5);
    expect(createAnonymiser(key)(decision)).to.deep.equal(told);
    expect(createAnonymiser()(decision)).not.to.deep.equal(told);
  });
});
