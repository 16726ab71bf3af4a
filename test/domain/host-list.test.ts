import { expect } from 'chai';
import { hostListOf, isSameList } from '../../src/domain/host-list.js';

describe('host list', () => {
  it('is the request’s own array when no host stands in it twice, and the same object for the same array', () => {
    const ids = ['a', 'b'];
    expect(hostListOf(ids).ids).to.equal(ids);
    expect(hostListOf(ids)).to.equal(hostListOf(ids));
  });

  it('holds each host once, where it stands first', () => {
    const { ids, placeOf } = hostListOf(['b', 'a', 'b', 'c']);
    expect(ids).to.deep.equal(['b', 'a', 'c']);
    expect(['a', 'b', 'c', 'd'].map(placeOf)).to.deep.equal([1, 0, 2, undefined]);
  });

  it('compares lists by their ids and order', () => {
    expect(isSameList(['a', 'b'], ['a', 'b'])).to.equal(true);
    expect(isSameList(['a', 'b'], ['b', 'a'])).to.equal(false);
    expect(isSameList(['a'], ['a', 'b'])).to.equal(false);
  });
});
