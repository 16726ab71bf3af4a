import { expect } from 'chai';
import { hostId } from '../support/world.js';
import { createStage, filtering, filters, pretend, reply } from './stage.js';

const [H1, H2, H3] = [hostId(1), hostId(2), hostId(3)] as const;
const BROKEN = "INTERNAL: the service's answer breaks the contract: ";

describe('runFilters', () => {
  it('intersects what the filters accept, in the order asked: 3, 1, 2 and {1, 2, 3} and {3, 2} -> 3, 2', async () => {
    const stage = createStage(filtering({ a: [1, 2, 3], b: [3, 2] }));
    expect(await filters(stage, ['a', 'b'], [H3, H1, H2.toUpperCase()])).to.deep.equal(
      reply([H3, H2.toUpperCase()]),
    );
  });

  it('trusts the units, not their intersection', async () => {
    const service = pretend({
      filterHosts: () =>
        Promise.resolve({ hostIds: [], unitResults: [{ unit: 'a', value: [H1] }], snapshotTime: 0 }),
    });
    expect(await filters(createStage(service), ['a'], [H1, H2])).to.deep.equal(reply([H1]));
  });

  it('asks nobody for no filters or no hosts, and keeps all hosts', async () => {
    const service = filtering({});
    const stage = createStage(service);
    expect(await filters(stage, [], [H1, H2, H1])).to.deep.equal(reply([H1, H2]));
    expect(await filters(stage, ['a'], [])).to.deep.equal(reply([]));
    expect(service.asked).to.deep.equal([]);
  });

  it('asks for a filter that is named twice once', async () => {
    const service = filtering({ a: [1] });
    expect(await filters(createStage(service), ['a', 'a'], [H1])).to.deep.equal(reply([H1]));
    expect(service.asked.map(({ request }) => request && 'units' in request && request.units)).to.deep.equal([
      ['a'],
    ]);
  });

  it('leaves a filter out that accepts a host which was not asked about, or one twice', async () => {
    const stage = createStage(filtering({ a: [1, 9], b: [2, 2], c: [2] }));
    expect(await filters(stage, ['a', 'b', 'c'], [H1, H2])).to.deep.equal(
      reply([H2], {
        a: `${BROKEN}it accepts host "${hostId(9)}", which was not asked about`,
        b: `${BROKEN}it accepts host ${H2} twice`,
      }),
    );
  });
});
