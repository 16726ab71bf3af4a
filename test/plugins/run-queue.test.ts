import { expect } from 'chai';
import { setMaxListeners } from 'node:events';
import { SchedulingError } from '../../src/domain/errors.js';
import { createRunQueue, MAX_QUEUED_RUNS } from '../../src/plugins/run-queue.js';
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

const queueOf = (maxRunning: number, isShared = false) =>
  createRunQueue({ maxRunning, isShared: () => isShared });

/** Lets what has its turn begin. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('createRunQueue', () => {
  it('runs so many at a time, in the order in which they came, also after one that fails', async () => {
    const queue = queueOf(2);
    const log: string[] = [];
    const tasks = ['a', 'b', 'c', 'd'].map((name) => task(log, name));
    const [a, b, c, d] = tasks.map(({ run }) => queue.run('p', run, never));
    await settled();
    expect(log).to.deep.equal(['a', 'b']);
    tasks[1]?.end(new SchedulingError('INTERNAL', 'no'));
    await expectRejection(b ?? Promise.resolve(), 'INTERNAL');
    await settled();
    expect(log).to.deep.equal(['a', 'b', 'c']);
    tasks[0]?.end();
    expect(await a).to.equal('a');
    await settled();
    expect(log).to.deep.equal(['a', 'b', 'c', 'd']);
    tasks[2]?.end();
    tasks[3]?.end();
    expect(await Promise.all([c, d])).to.deep.equal(['c', 'd']);
  });

  it(`refuses what is more than may wait: 1 runs, ${MAX_QUEUED_RUNS} wait`, async () => {
    const queue = queueOf(1);
    const first = task([], 'first');
    const runs = [first.run, ...Array.from({ length: MAX_QUEUED_RUNS }, (_, n) => () => Promise.resolve(n))];
    const answers = runs.map((run) => queue.run<unknown>('p', run, never));
    await expectRejection(
      queue.run('p', () => Promise.resolve(), never),
      'RESOURCE_EXHAUSTED',
      '1001 calls of plugins run or wait already',
    );
    first.end();
    expect(await Promise.all(answers)).to.have.length(1 + MAX_QUEUED_RUNS);
    expect(await queue.run('p', () => Promise.resolve('again'), never)).to.equal('again');
  });

  it('forgets one that gives up while it waits, with its reason', async () => {
    const queue = queueOf(1);
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

  for (const [places, isShared, text] of [
    [8, false, '8 calls run at a time (plugins.maxConcurrentRuns)'],
    [8, true, '8 calls run at a time (plugins.maxConcurrentRuns), 4 of one plugin while there are others'],
    [1, true, '1 calls run at a time (plugins.maxConcurrentRuns), 1 of one plugin while there are others'],
  ] as const) {
    it(`says of ${places} places${isShared ? ' that are shared' : ''}: ${text}`, () => {
      expect(queueOf(places, isShared).limitText()).to.equal(text);
    });
  }

  it('lets owners take turns: a1 a2 a3 b1 b2 c1 come, a1 b1 c1 a2 b2 a3 run', async () => {
    const queue = queueOf(1, true);
    const log: string[] = [];
    const runs = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((name) =>
      queue.run(name.slice(0, 1), () => Promise.resolve(log.push(name)), never),
    );
    await Promise.all(runs);
    expect(log).to.deep.equal(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  for (const [places, isShared, taken] of [
    [5, false, 5],
    [5, true, 2],
    [2, true, 1],
    [1, true, 1],
  ] as const) {
    it(`gives one owner ${taken} of ${places} places ${isShared ? 'while there are others' : 'when alone'}`, async () => {
      const queue = queueOf(places, isShared);
      const log: string[] = [];
      const begin = (owner: string) => void queue.run(owner, task(log, owner).run, never);
      for (let n = 0; n < 6; n++) begin('hangs');
      await settled();
      expect(log).to.have.length(taken);
      begin('good');
      await settled();
      expect(log.includes('good')).to.equal(taken < places);
    });
  }

  it(`lets one owner fill half of what may wait: 1 runs, ${MAX_QUEUED_RUNS / 2} wait`, async () => {
    const queue = queueOf(2, true);
    const hanging = task([], 'hangs');
    const runs = Array.from({ length: 1 + MAX_QUEUED_RUNS / 2 }, () =>
      queue.run('hangs', hanging.run, never),
    );
    await expectRejection(
      queue.run('hangs', hanging.run, never),
      'RESOURCE_EXHAUSTED',
      '501 calls of this plugin run or wait already',
    );
    expect(await queue.run('good', () => Promise.resolve('good'), never)).to.equal('good');
    hanging.end();
    await Promise.all(runs);
  });
});
