import { expect } from 'chai';
import {
  askedHosts,
  createRecentHosts,
  createSentHosts,
  MAX_RECENT_LISTS,
  MAX_SENT_LISTS,
} from '../../src/plugins/host-lists.js';

describe('createRecentHosts', () => {
  it('knows a list by its ids, not by its array', () => {
    const hostsOf = createRecentHosts();
    const asked = hostsOf(['a', 'b', 'a']);
    expect(asked.ids).to.deep.equal(['a', 'b']);
    expect(hostsOf(['a', 'b', 'a'])).to.equal(asked);
    for (const other of [['a', 'b'], ['b', 'a', 'a'], ['a', 'b', 'A'], []]) {
      expect(hostsOf(other), other.join()).not.to.equal(asked);
    }
  });

  it(`forgets the list asked about longest ago when there are more than ${MAX_RECENT_LISTS}`, () => {
    const hostsOf = createRecentHosts();
    const lists = Array.from({ length: MAX_RECENT_LISTS }, (_, n) => hostsOf([String(n)]));
    expect(hostsOf(['0'])).to.equal(lists[0]);
    hostsOf(['one more']);
    expect(hostsOf(['0'])).to.equal(lists[0]);
    expect(hostsOf(['2'])).to.equal(lists[2]);
    expect(hostsOf(['1'])).not.to.equal(lists[1]);
  });
});

describe('createSentHosts', () => {
  it(`tells of a list once, and from the ${MAX_SENT_LISTS + 1}th on of the one that makes room for it`, () => {
    const take = createSentHosts();
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((id) => askedHosts([id]));
    const told = [a, b, c, d, a, e, a, b].map((hosts) => take(hosts ?? askedHosts([])));
    expect(told.map(({ id, isNew, forget }) => [id, isNew, forget])).to.deep.equal([
      [0, true, undefined],
      [1, true, undefined],
      [2, true, undefined],
      [3, true, undefined],
      [0, false, undefined],
      [4, true, 1],
      [0, false, undefined],
      [5, true, 2],
    ]);
  });
});
