import { expect } from 'chai';
import { createDiskQueue } from '../../src/composite/disk-queue.js';
import { createFakeTime, settle } from '../inventory/fake-time.js';
import { hang } from './stage.js';

function setUp() {
  const time = createFakeTime();
  const ends: string[] = [];
  const onDisk = createDiskQueue({
    timeoutMs: 5000,
    timers: time,
    onEnd: (error) => ends.push(error instanceof Error ? error.message : 'good'),
  });
  return { time, ends, onDisk };
}

describe('disk queue', () => {
  it('does one piece of work at a time, in the order asked, whether it fails or not, and keeps no timer', async () => {
    const { time, ends, onDisk } = setUp();
    let underWay = 0;
    const results = await Promise.all(
      [1, 2, 3].map((n) =>
        onDisk(async () => {
          expect((underWay += 1)).to.equal(1);
          await settle();
          underWay -= 1;
          if (n === 2) throw new Error('full');
          return n;
        }),
      ),
    );
    expect(results).to.deep.equal([1, undefined, 3]);
    expect(ends).to.deep.equal(['good', 'full', 'good']);
    expect(time.pending()).to.deep.equal([]);
  });

  it('waits 5000 ms for one that hangs, and begins no other before it ends', async () => {
    const { time, ends, onDisk } = setUp();
    let end: () => void = () => undefined;
    let begun = 0;
    const work = () => {
      begun += 1;
      return new Promise<void>((resolve) => (end = resolve));
    };
    const done: string[] = [];
    void onDisk(work).then(() => done.push('first'));
    void onDisk(work).then(() => done.push('second'));
    await time.advance(4999);
    expect(done).to.deep.equal([]);
    await time.advance(1);
    expect(done).to.have.members(['first', 'second']);
    await onDisk(work);
    expect([begun, ends]).to.deep.equal([1, ['no end within 5000 ms']]);

    end();
    await settle();
    expect(ends).to.deep.equal(['no end within 5000 ms', 'good']);
    expect(await onDisk(() => Promise.resolve('again'))).to.equal('again');
  });

  it('lets nobody wait longer for a turn than for the work itself', async () => {
    const { time, onDisk } = setUp();
    const slow = () => new Promise<void>((resolve) => void time.after(4000, resolve));
    void onDisk(slow);
    let waited = true;
    void onDisk(slow).then(() => (waited = false));
    await time.advance(4999);
    expect(waited).to.equal(true);
    await time.advance(1);
    expect(waited).to.equal(false);
    await time.advance(10_000);
  });

  it('ends at once what is asked while one hangs, so that a stop is not held up twice', async () => {
    const { time, onDisk } = setUp();
    void onDisk(hang);
    await time.advance(5000);
    expect(await onDisk(() => Promise.resolve('never begun'))).to.equal(undefined);
  });
});
