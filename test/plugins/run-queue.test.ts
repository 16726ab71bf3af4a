import { expect } from 'chai';
import { setMaxListeners } from 'node:events';
import { SchedulingError } from '../../src/domain/errors.js';
import { createRunQueue, type RunQueueLimits } from '../../src/plugins/run-queue.js';
import { expectRejection } from '../support/rejection.js';

const never = new AbortController().signal;
setMaxListeners(0, never);

/** A task that ends when it is told to. */
function task(log: string[], name: string) {
  let end: (error?: Error) => void = () => undefined;
  const ended = new Promise<string>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve(name) : reject(error));
  });
  return { end: (error?: Error) => end(error), run: () => (log.push(name), ended) };
}

const clock = { now: () => 0 };
const queueOf = (limits: RunQueueLimits, isShared = false) =>
  createRunQueue({ limits, clock, isShared: () => isShared });

describe('createRunQueue', () => {
  it('runs so many at a time, in the order in which they came, also after one that fails', async () => {
    const queue = queueOf({ maxConcurrentRuns: 2, maxQueuedRuns: 9 });
    const log: string[] = [];
    const tasks = ['a', 'b', 'c', 'd'].map((name) => task(log, name));
    const [a, b, c, d] = tasks.map(({ run }) => queue.run('p', run, never));
    expect(log).to.deep.equal(['a', 'b']);
    tasks[1]?.end(new SchedulingError('INTERNAL', 'no'));
    await expectRejection(b ?? Promise.resolve(), 'INTERNAL');
    expect(log).to.deep.equal(['a', 'b', 'c']);
    tasks[0]?.end();
    expect(await a).to.equal('a');
    expect(log).to.deep.equal(['a', 'b', 'c', 'd']);
    tasks[2]?.end();
    tasks[3]?.end();
    expect(await Promise.all([c, d])).to.deep.equal(['c', 'd']);
  });

  it('refuses what is more than may wait', async () => {
    const queue = queueOf({ maxConcurrentRuns: 1, maxQueuedRuns: 1 });
    const log: string[] = [];
    const first = task(log, 'first');
    const runs = [queue.run('p', first.run, never), queue.run('p', () => Promise.resolve('second'), never)];
    const third = queue.run('p', () => Promise.resolve('third'), never);
    await expectRejection(
      third,
      'RESOURCE_EXHAUSTED',
      '1 calls of plugins wait already (limits.maxQueuedRuns)',
    );
    first.end();
    expect(await Promise.all(runs)).to.deep.equal(['first', 'second']);
  });

  it('forgets one that gives up while it waits, with its reason', async () => {
    const queue = queueOf({ maxConcurrentRuns: 1, maxQueuedRuns: 1 });
    const log: string[] = [];
    const first = task(log, 'first');
    const begun = queue.run('p', first.run, never);
    const gone = new AbortController();
    const second = queue.run('p', task(log, 'second').run, gone.signal);
    gone.abort(new SchedulingError('CANCELLED', 'went away'));
    await expectRejection(second, 'CANCELLED', 'went away');
    const third = queue.run('p', () => Promise.resolve('third'), never);
    first.end();
    await begun;
    expect(await third).to.equal('third');
    expect(log).to.deep.equal(['first']);
    await expectRejection(queue.run('p', first.run, gone.signal), 'CANCELLED', 'went away');
  });

  it('says how long one has waited whose time is over before its turn', async () => {
    let now = 1000;
    const limits = { maxConcurrentRuns: 2, maxQueuedRuns: 9 };
    const queue = createRunQueue({ limits, clock: { now: () => now }, isShared: () => true });
    const late = new AbortController();
    const first = task([], 'first');
    const begun = queue.run('p', first.run, never);
    const second = queue.run('p', () => Promise.resolve(), late.signal);
    now = 1250;
    late.abort(new SchedulingError('DEADLINE_EXCEEDED', 'was killed'));
    await expectRejection(
      second,
      'DEADLINE_EXCEEDED',
      'waited 250 ms for its turn, 2 calls run at a time (limits.maxConcurrentRuns), 1 of one plugin while there are others',
    );
    first.end();
    await begun;
  });

  it('lets owners take turns: a1 a2 a3 b1 b2 c1 come, a1 a2 b1 c1 a3 b2 run', async () => {
    const queue = queueOf({ maxConcurrentRuns: 1, maxQueuedRuns: 9 });
    const log: string[] = [];
    const runs = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((name) =>
      queue.run(name.slice(0, 1), () => Promise.resolve(log.push(name)), never),
    );
    await Promise.all(runs);
    expect(log).to.deep.equal(['a1', 'a2', 'b1', 'c1', 'a3', 'b2']);
  });

  for (const [places, isShared, taken] of [
    [5, false, 5],
    [5, true, 2],
    [2, true, 1],
    [1, true, 1],
  ] as const) {
    it(`gives one owner ${taken} of ${places} places ${isShared ? 'while there are others' : 'when alone'}`, () => {
      const queue = queueOf({ maxConcurrentRuns: places, maxQueuedRuns: 9 }, isShared);
      const log: string[] = [];
      const begin = (owner: string) => void queue.run(owner, task(log, owner).run, never);
      for (let n = 0; n < 6; n++) begin('hangs');
      expect(log).to.have.length(taken);
      begin('good');
      expect(log.includes('good')).to.equal(taken < places);
    });
  }

  it('lets one owner fill half of what may wait', async () => {
    const queue = queueOf({ maxConcurrentRuns: 1, maxQueuedRuns: 4 }, true);
    const log: string[] = [];
    const tasks = ['h', 'h', 'h', 'h', 'good'].map((owner) => ({ owner, ...task(log, owner) }));
    const [, , , fourth, good] = tasks.map(({ owner, run }) => queue.run(owner, run, never));
    await expectRejection(
      fourth ?? Promise.resolve(),
      'RESOURCE_EXHAUSTED',
      '2 calls of this plugin wait already (limits.maxQueuedRuns)',
    );
    for (const { end } of tasks) end();
    expect(await good).to.equal('good');
  });

  it('begins nothing for one whose signal has aborted as its turn came, and goes on', async () => {
    for (let moment = 0; moment < 12; moment++) {
      const queue = queueOf({ maxConcurrentRuns: 1, maxQueuedRuns: 9 });
      const gone = new AbortController();
      const first = task([], 'first');
      const begun = queue.run('p', first.run, never);
      const second = queue.run('p', () => Promise.resolve(gone.signal.aborted), gone.signal);
      const third = queue.run('p', () => Promise.resolve('third'), never);
      first.end();
      for (let n = 0; n < moment; n++) await Promise.resolve();
      gone.abort();
      expect(await second.catch(() => false), `aborted when it began, at moment ${moment}`).to.equal(false);
      expect(await third).to.equal('third');
      await begun;
    }
  });
});
