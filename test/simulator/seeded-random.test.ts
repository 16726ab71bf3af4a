import { expect } from 'chai';
import { seededRandom } from '../../src/simulator/seeded-random.js';

describe('seededRandom', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: 20 }, () => random.below(1_000_000));
    };
    expect(draw(7)).to.deep.equal(draw(7));
    expect(draw(7)).not.to.deep.equal(draw(8));
  });

  it('never changes: worlds with published ids hang on it', () => {
    const random = seededRandom(1);
    expect([random.below(1000), random.below(1000), random.uuid()]).to.deep.equal([
      627,
      2,
      '8706c4eb-fb26-47fd-87e7-9d2b47f66630',
    ]);
  });

  it('stays within its bound and reaches all of it', () => {
    const random = seededRandom(3);
    const seen = new Set(Array.from({ length: 1_000 }, () => random.below(10)));
    expect([...seen].sort((a, b) => a - b)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('makes version 4 UUIDs, 10,000 of them without a double', () => {
    const random = seededRandom(4);
    const ids = Array.from({ length: 10_000 }, random.uuid);
    expect(new Set(ids)).to.have.lengthOf(ids.length);
    for (const id of ids)
      expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
