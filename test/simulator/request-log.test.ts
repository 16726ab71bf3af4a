import { expect } from 'chai';
import { createRequestLog } from '../../src/simulator/request-log.js';

describe('createRequestLog', () => {
  it('remembers the latest 2 requests and counts 3 paths when told so', () => {
    const log = createRequestLog({ requests: 2, paths: 3 });
    for (const path of ['/a', '/b', '/c', '/d', '/a']) log.note('GET', path, '', {});
    expect(log.latest().map(({ path }) => path)).to.deep.equal(['/d', '/a']);
    expect(['/a', '/b', '/c', '/d'].map(log.count)).to.deep.equal([2, 1, 1, 0]);
  });

  it('leaves out the headers that carry secrets', () => {
    const log = createRequestLog();
    log.note('GET', '/', '', { authorization: 'Basic abc', cookie: 'a=b', accept: 'x', prefer: undefined });
    expect(log.latest()[0]?.headers).to.deep.equal({ accept: 'x' });
  });
});
