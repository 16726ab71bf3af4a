import { expect } from 'chai';
import { askedHosts } from '../../src/plugins/asked-hosts.js';
import { createSentHosts } from '../../src/plugins/sent-hosts.js';

describe('createSentHosts', () => {
  it('tells of a list once, and of the one that makes room for it', () => {
    const take = createSentHosts(2);
    const [a, b, c] = [askedHosts(['a']), askedHosts(['b']), askedHosts(['c'])];
    expect([a, b, a, c, a, b].map((hosts) => take(hosts))).to.deep.equal([
      { id: 0, isNew: true },
      { id: 1, isNew: true },
      { id: 0, isNew: false },
      { id: 2, isNew: true, forget: 1 },
      { id: 0, isNew: false },
      { id: 3, isNew: true, forget: 2 },
    ]);
  });
});
