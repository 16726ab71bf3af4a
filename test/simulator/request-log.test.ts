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

  it('sums requests and bytes by kinds of paths: of VMs one by one 2 and 30 bytes', () => {
    const log = createRequestLog();
    for (const [path, bytes] of [
      ['/api/vms/00000000-0000-4000-8000-0000000000b1', 10],
      ['/api/vms/00000000-0000-4000-8000-0000000000B2', 20],
      ['/api/hosts/00000000-0000-4000-8000-0000000000a1/statistics', 5],
      ['/api/events/77', 7],
      ['/api/v4/vms', 8],
    ] as const) {
      log.note('GET', path, '', {});
      log.noteSent(path, bytes);
    }
    expect(Object.fromEntries(log.traffic())).to.deep.equal({
      '/api/vms/ID': { requests: 2, bytes: 30 },
      '/api/hosts/ID/statistics': { requests: 1, bytes: 5 },
      '/api/events/ID': { requests: 1, bytes: 7 },
      '/api/v4/vms': { requests: 1, bytes: 8 },
    });
    log.reset();
    expect(log.traffic()).to.have.property('size', 0);
  });

  it(`sums ${MAX_COUNTED_PATHS} kinds of paths`, () => {
    const log = createRequestLog();
    for (let n = 0; n <= MAX_COUNTED_PATHS; n++) log.note('GET', `/x${n}`, '', {});
    expect(log.traffic()).to.have.property('size', MAX_COUNTED_PATHS);
  });
});
