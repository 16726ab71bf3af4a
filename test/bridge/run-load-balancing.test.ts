import { expect } from 'chai';
import { SchedulingError } from '../../src/domain/errors.js';
import { hostId, vmId } from '../support/world.js';
import { balance, createStage, pretend, reply } from './stage.js';

const [H1, H2] = [hostId(1), hostId(2)] as const;

describe('runLoadBalancing', () => {
  it('asks nobody for no hosts', async () => {
    const service = pretend({});
    expect(await balance(createStage(service), 'b', [])).to.deep.equal(reply(['', []]));
    expect(service.asked).to.deep.equal([]);
  });

  it('reports a failure, and two elements', async () => {
    const balanceHosts = () => Promise.reject(new SchedulingError('UNAVAILABLE', 'no snapshot yet'));
    const stage = createStage(pretend({ balanceHosts }));
    expect(await balance(stage, 'b', [H1])).to.deep.equal(
      reply(['', []], { b: 'UNAVAILABLE: no snapshot yet' }),
    );
    expect(stage.ends).to.deep.equal([{ method: 'runLoadBalancing', seconds: 0, outcome: 'failed' }]);
    expect(stage.failures).to.deep.equal([['b', 'UNAVAILABLE']]);
  });

  it('answers hosts in the text of the engine', async () => {
    const migration = { vmId: vmId(1), candidateHostIds: [H2] };
    const stage = createStage(
      pretend({ balanceHosts: () => Promise.resolve({ migration, snapshotTime: 0 }) }),
    );
    expect(await balance(stage, 'b', [H1, H2.toUpperCase()])).to.deep.equal(
      reply([vmId(1), [H2.toUpperCase()]]),
    );
  });

  it('tells a balance unit that is not there from a VM that is not there, by the field', async () => {
    for (const [notFound, text] of [
      ['UNIT', "plugin not found: 'b'"],
      ['VM', 'NOT_FOUND: no unit b, as it were'],
    ] as const) {
      const balanceHosts = () =>
        Promise.reject(new SchedulingError('NOT_FOUND', 'no unit b, as it were', { notFound }));
      expect(await balance(createStage(pretend({ balanceHosts })), 'b', [H1])).to.deep.equal(
        reply(['', []], { b: text }),
      );
    }
  });

  const BROKEN = "INTERNAL: the service's answer breaks the contract: ";
  const broken: readonly (readonly [vm: string, hosts: readonly string[], text: string])[] = [
    ['', [H1], 'VM "" is no UUID'],
    [vmId(1), [H1, hostId(3)], `host "${hostId(3)}" was not asked about`],
    [vmId(1), [], `VM ${vmId(1)} has no host to go to`],
  ];
  for (const [vm, candidateHostIds, text] of broken) {
    it(`proposes nothing that the engine can't take: ${text}`, async () => {
      const balanceHosts = () => Promise.resolve({ migration: { vmId: vm, candidateHostIds } });
      expect(await balance(createStage(pretend({ balanceHosts })), 'b', [H1, H2])).to.deep.equal(
        reply(['', []], { b: BROKEN + text }),
      );
    });
  }
});
