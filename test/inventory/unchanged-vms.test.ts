import { expect } from 'chai';
import { createUnchangedVms, digestOf } from '../../src/inventory/unchanged-vms.js';
import { vm } from '../support/world.js';

const digest = (text: string) => digestOf(Buffer.from(text));

describe('createUnchangedVms', () => {
  function afterListing(texts: readonly string[], commit = true) {
    const unchanged = createUnchangedVms();
    const listed = unchanged.begin();
    texts.forEach((text, index) => {
      listed.remember(digest(text), vm(index, text));
    });
    if (commit) listed.commit();
    return unchanged;
  }

  it('finds a VM again by its very bytes', () => {
    const next = afterListing(['a', 'b']).begin();
    expect([next.find(digest('a')), next.find(digest('b'))]).to.deep.equal([vm(0, 'a'), vm(1, 'b')]);
  });

  it('finds nothing in bytes that changed', () => {
    expect(afterListing(['a']).begin().find(digest('a '))).to.equal(undefined);
  });

  it('knows nothing of a listing that failed', () => {
    expect(afterListing(['a'], false).begin().find(digest('a'))).to.equal(undefined);
  });

  it('forgets what the last listing no longer had', () => {
    const unchanged = afterListing(['a', 'b']);
    const second = unchanged.begin();
    const kept = second.find(digest('a'));
    if (kept === undefined) throw new Error('a is gone');
    second.remember(digest('a'), kept);
    second.commit();
    const third = unchanged.begin();
    expect([third.find(digest('a')), third.find(digest('b'))]).to.deep.equal([vm(0, 'a'), undefined]);
  });
});
