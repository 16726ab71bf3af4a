import { expect } from 'chai';
import { createUnchangedVms } from '../../src/inventory/unchanged-vms.js';
import { vm } from '../support/world.js';

const bytes = (text: string) => Buffer.from(text);

describe('createUnchangedVms', () => {
  function afterListing(texts: readonly string[], commit = true) {
    const unchanged = createUnchangedVms();
    const listed = unchanged.begin();
    texts.forEach((text, index) => {
      listed.find(bytes(text));
      listed.remember(vm(index, text));
    });
    if (commit) listed.commit();
    return unchanged;
  }

  it('finds a VM again by its very bytes', () => {
    const next = afterListing(['a', 'b']).begin();
    expect([next.find(bytes('a')), next.find(bytes('b'))]).to.deep.equal([vm(0, 'a'), vm(1, 'b')]);
  });

  it('finds nothing in bytes that changed', () => {
    expect(afterListing(['a']).begin().find(bytes('a '))).to.equal(undefined);
  });

  it('knows nothing of a listing that failed', () => {
    expect(afterListing(['a'], false).begin().find(bytes('a'))).to.equal(undefined);
  });

  it('forgets what the last listing no longer had', () => {
    const unchanged = afterListing(['a', 'b']);
    const second = unchanged.begin();
    const kept = second.find(bytes('a'));
    if (kept === undefined) throw new Error('a is gone');
    second.remember(kept);
    second.commit();
    const third = unchanged.begin();
    expect([third.find(bytes('a')), third.find(bytes('b'))]).to.deep.equal([vm(0, 'a'), undefined]);
  });
});
