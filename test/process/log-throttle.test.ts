import { expect } from 'chai';
import { createLogThrottle, MAX_TOPICS, REPORT_INTERVAL_MS } from '../../src/process/log-throttle.js';

describe('log throttle', () => {
  let now = 0;
  const start = () => {
    now = 1000;
    return createLogThrottle({ now: () => now });
  };

  it('tells the first time, and then once a minute, how often the thing came up since', () => {
    const { count } = start();
    expect([count('a', 'x'), count('a', 'x'), count('a', 'x')]).to.deep.equal([1, undefined, undefined]);
    now += REPORT_INTERVAL_MS - 1;
    expect(count('a', 'x')).to.equal(undefined);
    now += 1;
    expect(count('a', 'x')).to.equal(4);
    expect(REPORT_INTERVAL_MS).to.equal(60_000);
  });

  it('tells of each thing, and of each of its codes', () => {
    const { count } = start();
    expect([count('a', 'x'), count('a', 'y'), count('b', 'x')]).to.deep.equal([1, 1, 1]);
  });

  it('says at the end how often a thing came up with whatever code: 2 + 1 = 3', () => {
    const { count, end } = start();
    count('a', 'x');
    count('a', 'x');
    count('a', 'y');
    expect([end('a'), end('a')]).to.deep.equal([3, 0]);
    expect(count('a', 'x')).to.equal(1);
  });

  it('tells again when the clock was set back', () => {
    const { count } = start();
    count('a', 'x');
    now -= 500;
    expect(count('a', 'x')).to.equal(1);
  });

  it('remembers 1000 things, and forgets the one that came up longest ago', () => {
    const { count } = start();
    for (let n = 0; n < MAX_TOPICS; n += 1) count(`t${n}`, '');
    expect(count('t0', '')).to.equal(undefined);
    expect(count('one more', '')).to.equal(1);
    expect([count('t0', ''), count('t1', '')]).to.deep.equal([undefined, 1]);
    expect(MAX_TOPICS).to.equal(1000);
  });
});
