import { expect } from 'chai';
import { createRecentHosts } from '../../src/plugins/recent-hosts.js';

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

  it('does not take a list for the same whose array has changed', () => {
    const hostsOf = createRecentHosts();
    const ids = ['a', 'b'];
    hostsOf(ids);
    ids[1] = 'c';
    expect(hostsOf(ids).ids).to.deep.equal(['a', 'c']);
    expect(hostsOf(['a', 'b']).ids).to.deep.equal(['a', 'b']);
  });

  it('forgets the list asked for longest ago', () => {
    const hostsOf = createRecentHosts(2);
    const [first, second] = [hostsOf(['1']), hostsOf(['2'])];
    expect(hostsOf(['1'])).to.equal(first);
    hostsOf(['3']);
    expect(hostsOf(['1'])).to.equal(first);
    expect(hostsOf(['2'])).not.to.equal(second);
  });
});
