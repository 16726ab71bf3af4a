import { expect } from 'chai';
import { hostId } from '../support/world.js';
import { createStage, filtering, filters, pretend, reply } from './stage.js';

const [H1, H2, H3] = [hostId(1), hostId(2), hostId(3)] as const;

describe('runFilters', () => {
  it('intersects what the filters accept, in the order asked: 3, 1, 2 and {1, 2, 3} and {3, 2} -> 3, 2', async () => {
    const stage = createStage(filtering({ a: [1, 2, 3], b: [3, 2] }));
    expect(await filters(stage, ['a', 'b'], [H3, H1, H2.toUpperCase()])).to.deep.equal(
      reply([H3, H2.toUpperCase()]),
    );
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

  it('keeps every host when no filter answers, whatever the service says is left', async () => {
    const failure = { code: 'UNAVAILABLE', message: 'down' } as const;
    const filterHosts = () =>
      Promise.resolve({ hostIds: [], unitResults: [{ unit: 'a', failure }], snapshotTime: 0 });
    expect(await filters(createStage(pretend({ filterHosts })), ['a'], [H1, H2])).to.deep.equal(
      reply([H1, H2], { a: 'UNAVAILABLE: down' }, ['all filters failed']),
    );
  });

  it('answers hosts that were asked about, each once, whatever the service says is left', async () => {
    const filterHosts = () =>
      Promise.resolve({
        hostIds: [H3, H2, H2],
        unitResults: [{ unit: 'a', value: [H2] }],
        snapshotTime: 0,
      });
    expect(await filters(createStage(pretend({ filterHosts })), ['a'], [H1, H2])).to.deep.equal(reply([H2]));
  });
});
