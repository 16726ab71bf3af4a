import { expect } from 'chai';
import { createLogThrottle, MAX_THINGS, TELL_INTERVAL_MS } from '../../src/process/log-throttle.js';

describe('log throttle', () => {
  let now = 0;
  const start = () => {
    now = 1000;
    return createLogThrottle({ now: () => now });
  };

  it('tells the first time, and then once a minute, how often the thing came up since', () => {
    const { toTell } = start();
    expect([toTell('a', 'x'), toTell('a', 'x'), toTell('a', 'x')]).to.deep.equal([1, undefined, undefined]);
    now += TELL_INTERVAL_MS - 1;
    expect(toTell('a', 'x')).to.equal(undefined);
    now += 1;
    expect(toTell('a', 'x')).to.equal(4);
    expect(TELL_INTERVAL_MS).to.equal(60_000);
  });

  it('tells of each thing, and of each of its codes', () => {
    const { toTell } = start();
    expect([toTell('a', 'x'), toTell('a', 'y'), toTell('b', 'x')]).to.deep.equal([1, 1, 1]);
  });

  it('says at the end how often a thing came up with whatever code: 2 + 1 = 3', () => {
    const { toTell, end } = start();
    toTell('a', 'x');
    toTell('a', 'x');
    toTell('a', 'y');
    expect([end('a'), end('a')]).to.deep.equal([3, 0]);
    expect(toTell('a', 'x')).to.equal(1);
  });

  it('tells again when the clock was set back', () => {
    const { toTell } = start();
    toTell('a', 'x');
    now -= 500;
    expect(toTell('a', 'x')).to.equal(1);
  });

  it('remembers 1000 things, and forgets the one that came up longest ago', () => {
    const { toTell } = start();
    for (let n = 0; n < MAX_THINGS; n += 1) toTell(`t${n}`, '');
    expect(toTell('t0', '')).to.equal(undefined);
    expect(toTell('one more', '')).to.equal(1);
    expect([toTell('t0', ''), toTell('t1', '')]).to.deep.equal([undefined, 1]);
    expect(MAX_THINGS).to.equal(1000);
  });
});
