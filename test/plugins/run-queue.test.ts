import { expect } from 'chai';
import { SchedulingError } from '../../src/errors.js';
import { createRunQueue } from '../../src/plugins/run-queue.js';
import { expectRejection } from '../support/rejection.js';

const never = new AbortController().signal;

/** A task that ends when it is told to. */
function task(log: string[], name: string) {
  let end: (error?: Error) => void = () => undefined;
  const ended = new Promise<string>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve(name) : reject(error));
  });
  return { end: (error?: Error) => end(error), run: () => (log.push(name), ended) };
}

describe('createRunQueue', () => {
  it('runs so many at a time, in the order in which they came, also after one that fails', async () => {
    const queue = createRunQueue({ maxConcurrentRuns: 2, maxQueuedRuns: 9 });
    const log: string[] = [];
    const tasks = ['a', 'b', 'c', 'd'].map((name) => task(log, name));
    const [a, b, c, d] = tasks.map(({ run }) => queue.run(run, never));
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
    const queue = createRunQueue({ maxConcurrentRuns: 1, maxQueuedRuns: 1 });
    const log: string[] = [];
    const first = task(log, 'first');
    const runs = [queue.run(first.run, never), queue.run(() => Promise.resolve('second'), never)];
    const third = queue.run(() => Promise.resolve('third'), never);
    await expectRejection(
      third,
      'RESOURCE_EXHAUSTED',
      '1 calls of plugins wait already (limits.maxQueuedRuns)',
    );
    first.end();
    expect(await Promise.all(runs)).to.deep.equal(['first', 'second']);
  });

  it('forgets one that gives up while it waits, with its reason', async () => {
    const queue = createRunQueue({ maxConcurrentRuns: 1, maxQueuedRuns: 1 });
    const log: string[] = [];
    const first = task(log, 'first');
    const begun = queue.run(first.run, never);
    const gone = new AbortController();
    const second = queue.run(task(log, 'second').run, gone.signal);
    gone.abort(new SchedulingError('DEADLINE_EXCEEDED', 'too late'));
    await expectRejection(second, 'DEADLINE_EXCEEDED', 'too late');
    const third = queue.run(() => Promise.resolve('third'), never);
    first.end();
    await begun;
    expect(await third).to.equal('third');
    expect(log).to.deep.equal(['first']);
    await expectRejection(queue.run(first.run, gone.signal), 'DEADLINE_EXCEEDED', 'too late');
  });
});
