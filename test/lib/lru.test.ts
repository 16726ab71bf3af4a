import { expect } from 'chai';
import { createLru } from '../../src/lib/lru.js';

describe('lru', () => {
  it('of 2 entries forgets the one that was used longest ago', () => {
    const lru = createLru<string, number>(2);
    lru.set('a', 1);
    lru.set('b', 2);
    expect(lru.get('a')).to.equal(1);
    lru.set('c', 3);
    expect([...lru.entries()]).to.deep.equal([
      ['a', 1],
      ['c', 3],
    ]);
    expect(lru.get('b')).to.equal(undefined);
    expect(lru.size()).to.equal(2);
  });
});
