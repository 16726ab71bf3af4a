import { expect, use } from 'chai';
import chaiAsPromised from 'chai-as-promised';
import { createLimiter } from '../../src/lib/limiter.js';

use(chaiAsPromised);

const { signal } = new AbortController();
const full = (size: number) => new Error(`full with ${size}`);

function tasks() {
  const ends: (() => void)[] = [];
  return {
    task: () => new Promise<void>((resolve) => ends.push(resolve)),
    end: () => ends.shift()?.(),
    begun: () => ends.length,
  };
}

describe('limiter', () => {
  it('runs two at a time, and the third when one of them has ended', async () => {
    const limiter = createLimiter({ maxRunning: 2, maxWaiting: 5, full });
    const { task, end, begun } = tasks();
    const all = [1, 2, 3].map(() => limiter.run(task, signal));
    await Promise.resolve();
    expect(begun()).to.equal(2);
    end();
    await all[0];
    await new Promise(setImmediate);
    expect(begun()).to.equal(2);
    end();
    end();
    await Promise.all(all);
    expect(limiter.size()).to.equal(0);
  });

  it('refuses the one that is too many: 1 runs, 1 waits', async () => {
    const limiter = createLimiter({ maxRunning: 1, maxWaiting: 1, full });
    const { task, end } = tasks();
    const all = [limiter.run(task, signal), limiter.run(task, signal)];
    await expect(limiter.run(task, signal)).to.be.rejectedWith('full with 2');
    end();
    await all[0];
    await new Promise(setImmediate);
    end();
    await Promise.all(all);
  });

  it('takes no place for a task whose signal aborts while it waits', async () => {
    const limiter = createLimiter({ maxRunning: 1, maxWaiting: 5, full });
    const { task, end, begun } = tasks();
    const first = limiter.run(task, signal);
    const leaving = new AbortController();
    const second = limiter.run(task, leaving.signal);
    leaving.abort(new Error('gone'));
    await expect(second).to.be.rejectedWith('gone');
    expect(limiter.size()).to.equal(1);
    end();
    await first;
    const third = limiter.run(task, signal);
    await new Promise(setImmediate);
    expect(begun()).to.equal(1);
    end();
    await third;
  });

  it('begins no task whose signal aborts as its turn comes, and goes on, at each of 12 moments', async () => {
    for (let moment = 0; moment < 12; moment++) {
      const limiter = createLimiter({ maxRunning: 1, maxWaiting: 5, full });
      const { task, end } = tasks();
      const leaving = new AbortController();
      const first = limiter.run(task, signal);
      const second = limiter.run(() => Promise.resolve(leaving.signal.aborted), leaving.signal);
      const third = limiter.run(() => Promise.resolve('third'), signal);
      await new Promise(setImmediate);
      end();
      for (let n = 0; n < moment; n++) await Promise.resolve();
      leaving.abort();
      expect(await second.catch(() => false), `aborted when it began, at moment ${moment}`).to.equal(false);
      expect(await third).to.equal('third');
      await first;
    }
  });
});
