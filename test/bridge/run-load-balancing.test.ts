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
    expect(stage.ends).to.deep.equal([
      { method: 'runLoadBalancing', seconds: 0, outcome: 'failed', code: 'UNAVAILABLE' },
    ]);
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
});
