import { expect } from 'chai';
import { setMaxListeners } from 'node:events';
import { SchedulingError } from '../../src/domain/errors.js';
import { createRunQueue, MAX_QUEUED_RUNS, type RunCaller } from '../../src/plugins/run-queue.js';
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

const by = (owner: string, forEngine = false): RunCaller => ({ owner, forEngine });

const queueOf = (maxRunning: number, isShared = false, hasEngine = false) =>
  createRunQueue({ maxRunning, isShared: () => isShared, hasEngine });

/** Lets what has its turn begin. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('createRunQueue', () => {
  it('runs so many at a time, in the order in which they came, also after one that fails', async () => {
    const queue = queueOf(2);
    const log: string[] = [];
    const tasks = ['a', 'b', 'c', 'd'].map((name) => task(log, name));
    const [a, b, c, d] = tasks.map(({ run }) => queue.run(by('p'), run, never));
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
    const answers = runs.map((run) => queue.run<unknown>(by('p'), run, never));
    await expectRejection(
      queue.run(by('p'), () => Promise.resolve(), never),
      'RESOURCE_EXHAUSTED',
      '1001 calls of plugins run or wait already',
    );
    first.end();
    expect(await Promise.all(answers)).to.have.length(1 + MAX_QUEUED_RUNS);
    expect(await queue.run(by('p'), () => Promise.resolve('again'), never)).to.equal('again');
  });

  it('forgets one that gives up while it waits, with its reason', async () => {
    const queue = queueOf(1);
    const log: string[] = [];
    const first = task(log, 'first');
    const begun = queue.run(by('p'), first.run, never);
    const gone = new AbortController();
    const second = queue.run(by('p'), task(log, 'second').run, gone.signal);
    gone.abort(new SchedulingError('CANCELLED', 'went away'));
    await expectRejection(second, 'CANCELLED', 'went away');
    const third = queue.run(by('p'), () => Promise.resolve('third'), never);
    first.end();
    await begun;
    expect(await third).to.equal('third');
    expect(log).to.deep.equal(['first']);
    await expectRejection(queue.run(by('p'), first.run, gone.signal), 'CANCELLED', 'went away');
  });

  const many = 'calls run at a time (plugins.maxConcurrentRuns';
  for (const [places, isShared, hasEngine, text] of [
    [8, false, false, `8 ${many})`],
    [8, true, false, `8 ${many}), 4 of one plugin while there are others`],
    [1, true, true, `1 ${many}), 1 of one plugin while there are others`],
    [8, false, true, `6 ${many}, 2 more for the engine)`],
    [8, true, true, `6 ${many}, 2 more for the engine), 3 of one plugin while there are others`],
  ] as const) {
    const title = `${places} places${isShared ? ' that are shared' : ''}${hasEngine ? ', with an engine' : ''}`;
    it(`says of ${title}: ${text}`, () => {
      const queue = queueOf(places, isShared, hasEngine);
      expect(queue.limitText(false)).to.equal(text);
      expect(queue.limitText(true)).to.match(new RegExp(`^${places} calls run at a time \\(\\S+\\)`));
    });
  }

  for (const [places, gateways, engine] of [
    [8, 6, 2],
    [16, 12, 4],
    [3, 2, 1],
    [2, 1, 1],
    [1, 1, 0],
  ] as const) {
    it(`runs ${gateways} of gateways in ${places} places, and ${engine} of an engine beside them`, async () => {
      const queue = queueOf(places, false, true);
      const log: string[] = [];
      const begin = (name: string, forEngine: boolean) =>
        void queue.run(by(name, forEngine), task(log, name).run, never).catch(() => undefined);
      for (let nth = 0; nth < places + MAX_QUEUED_RUNS; nth++) begin('gateway', false);
      for (let nth = 0; nth < places; nth++) begin('engine', true);
      await settled();
      const count = (name: string) => log.filter((one) => one === name).length;
      expect([count('gateway'), count('engine')]).to.deep.equal([gateways, engine]);
    });
  }

  it('runs of an engine what it can, up to all places, and of one plugin half of them beside its gateways', async () => {
    const alone = queueOf(8, false, true);
    const log: string[] = [];
    for (let nth = 0; nth < 9; nth++) void alone.run(by('p', true), task(log, 'engine').run, never);
    await settled();
    expect(log).to.have.length(8);
    const shared = queueOf(8, true, true);
    log.splice(0);
    for (let nth = 0; nth < 9; nth++) void shared.run(by('p'), task(log, 'gateway').run, never);
    for (let nth = 0; nth < 9; nth++) void shared.run(by('p', true), task(log, 'engine').run, never);
    await settled();
    expect(log).to.deep.equal([...Array<string>(3).fill('gateway'), ...Array<string>(4).fill('engine')]);
  });

  it('lets owners take turns: a1 a2 a3 b1 b2 c1 come, a1 b1 c1 a2 b2 a3 run', async () => {
    const queue = queueOf(1, true);
    const log: string[] = [];
    const runs = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((name) =>
      queue.run(by(name.slice(0, 1)), () => Promise.resolve(log.push(name)), never),
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
      const begin = (owner: string) => void queue.run(by(owner), task(log, owner).run, never);
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
      queue.run(by('hangs'), hanging.run, never),
    );
    await expectRejection(
      queue.run(by('hangs'), hanging.run, never),
      'RESOURCE_EXHAUSTED',
      '501 calls of this plugin run or wait already',
    );
    expect(await queue.run(by('good'), () => Promise.resolve('good'), never)).to.equal('good');
    hanging.end();
    await Promise.all(runs);
  });
});
