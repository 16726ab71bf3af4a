import { expect } from 'chai';
import { createLogThrottle, MAX_THINGS, REPORT_INTERVAL_MS } from '../../src/process/log-throttle.js';
import { createFakeTime } from '../inventory/fake-time.js';

describe('log throttle', () => {
  function start() {
    const lines: string[] = [];
    const time = createFakeTime(0);
    const throttle = createLogThrottle({
      ...time,
      write: ({ event, fields: { n, times = 1, lastAt, others, stack } }) => {
        const more = [lastAt, others === true ? 'others' : undefined, stack].filter(
          (field) => field !== undefined,
        );
        lines.push([event, n, `${String(times)} times`, ...more].join(' '));
      },
    });
    const write = (about: string, n = 0, event = 'failed', stack?: string) =>
      throttle.write(
        { level: 'warn', event, fields: { n, ...(stack === undefined ? {} : { stack }) } },
        about,
      );
    return { write, time, flush: throttle.flush, told: () => lines.splice(0) };
  }

  it('writes the first line at once, and those of a minute as one, with the facts of the last: 1, then 3', async () => {
    const { write, time, told } = start();
    expect([1, 2, 3].map((n) => write('a', n))).to.deep.equal([true, false, false]);
    await time.advance(30_000);
    write('a', 4);
    await time.advance(REPORT_INTERVAL_MS - 30_000 - 1);
    expect(told()).to.deep.equal(['failed 1 1 times']);
    await time.advance(1);
    expect(told()).to.deep.equal(['failed 4 3 times 1970-01-01T00:00:30.000Z']);
    expect(REPORT_INTERVAL_MS).to.equal(60_000);
  });

  it('writes one line a minute while it lasts: 600 times in 10 minutes are 11 lines', async () => {
    const { write, time, told } = start();
    for (let second = 0; second < 600; second += 1) {
      write('a', second);
      await time.advance(1000);
    }
    const lines = told();
    expect(lines).to.have.length(11);
    const times = lines.map((line) => Number(/ (\d+) times/.exec(line)?.[1]));
    expect(times.reduce((sum, count) => sum + count)).to.equal(600);
  }).timeout(20_000);

  it('writes at once again what did not come up for a minute', async () => {
    const { write, time, told } = start();
    write('a', 1);
    await time.advance(REPORT_INTERVAL_MS);
    expect(time.pending()).to.deep.equal([]);
    expect(write('a', 2)).to.equal(true);
    expect(told()).to.deep.equal(['failed 1 1 times', 'failed 2 1 times']);
  });

  it('tells apart events, and what they are about', () => {
    const { write } = start();
    expect([write('a'), write('b'), write('a', 0, 'other'), write('a')]).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
  });

  it('writes the first of each stack, whatever its message, and of each text without frames', () => {
    const { write } = start();
    const stacks = ['Error: 1\n    at f', 'Error: 2\n    at f', 'Error: 1\n    at g', 'text', 'text', 'else'];
    expect(stacks.map((stack) => write('a', 0, 'failed', stack))).to.deep.equal([
      ...[true, false, true],
      ...[true, false, true],
    ]);
  });

  it('tells 50 things of an event apart, and counts the others together: the 51st is written, 2 more are held back', async () => {
    const { write, time, told } = start();
    for (let n = 1; n <= MAX_THINGS; n += 1) expect(write(`a${n}`, n)).to.equal(true);
    told();
    expect([51, 52, 53].map((n) => write(`a${n}`, n))).to.deep.equal([true, false, false]);
    expect(write('a1', 1)).to.equal(false);
    expect(write('a1', 1, 'other')).to.equal(true);
    await time.advance(REPORT_INTERVAL_MS);
    expect(told()).to.deep.equal([
      'failed 51 1 times others',
      'other 1 1 times',
      'failed 1 1 times 1970-01-01T00:00:00.000Z',
      'failed 53 2 times 1970-01-01T00:00:00.000Z others',
    ]);
    expect(MAX_THINGS).to.equal(50);
  });

  it('writes what is held back when it is flushed, and waits for nothing more', () => {
    const { write, flush, time, told } = start();
    for (const n of [1, 2, 3]) write('a', n);
    write('b', 4);
    told();
    flush();
    expect(told()).to.deep.equal(['failed 3 2 times 1970-01-01T00:00:00.000Z']);
    expect(time.pending()).to.deep.equal([]);
    expect(write('a')).to.equal(true);
  });
});
