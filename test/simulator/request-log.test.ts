import { expect } from 'chai';
import { createRequestLog, MAX_COUNTED_PATHS, MAX_KEPT_REQUESTS } from '../../src/simulator/request-log.js';

describe('createRequestLog', () => {
  it(`remembers the latest ${MAX_KEPT_REQUESTS} requests and counts ${MAX_COUNTED_PATHS} paths`, () => {
    const log = createRequestLog();
    for (let n = 0; n <= MAX_COUNTED_PATHS; n++) log.note('GET', `/${n}`, '', {});
    log.note('GET', '/0', '', {});
    const latest = log.latest().map(({ path }) => path);
    expect(latest).to.have.lengthOf(MAX_KEPT_REQUESTS);
    expect(latest.slice(-2)).to.deep.equal([`/${MAX_COUNTED_PATHS}`, '/0']);
    const counts = ['/0', '/1', `/${MAX_COUNTED_PATHS - 1}`, `/${MAX_COUNTED_PATHS}`].map(log.count);
    expect(counts).to.deep.equal([2, 1, 1, 0]);
  });

  it('leaves out the headers that carry secrets', () => {
    const log = createRequestLog();
    log.note('GET', '/', '', { authorization: 'Basic abc', cookie: 'a=b', accept: 'x', prefer: undefined });
    expect(log.latest()[0]?.headers).to.deep.equal({ accept: 'x' });
  });
});
