import { expect } from 'chai';
import { createGuestReports } from '../../src/inventory/guest-reports.js';

describe('createGuestReports', () => {
  const guest = (version: string) => ({ distribution: 'CentOS Linux', version });

  it('knows the last report of each VM', () => {
    const reports = createGuestReports(10);
    reports.remember('a', guest('7'));
    reports.remember('b', guest('8'));
    reports.remember('a', guest('9'));
    expect(reports.last('a')).to.deep.equal(guest('9'));
    expect(reports.last('b')).to.deep.equal(guest('8'));
    expect(reports.last('c')).to.equal(undefined);
  });

  it('forgets the VM whose report changed longest ago when there are too many', () => {
    const reports = createGuestReports(2);
    reports.remember('a', guest('7'));
    reports.remember('b', guest('7'));
    reports.remember('a', guest('8'));
    reports.remember('b', guest('7'));
    reports.remember('c', guest('7'));
    expect(['a', 'b', 'c'].filter((id) => reports.last(id) !== undefined)).to.deep.equal(['a', 'c']);
  });
});
