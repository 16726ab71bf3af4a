import { expect, use } from 'chai';
import chaiAsPromised from 'chai-as-promised';
import { runWithin, waitFor } from '../../src/lib/deadline.js';
import { MAX_TIMER_MS, nodeAfter } from '../../src/lib/timers.js';

use(chaiAsPromised);

const never = () => new Promise<never>(() => undefined);

/** Timers that fire when the test says so. */
function handTimers() {
  const due: (() => void)[] = [];
  return {
    after: (_: number, run: () => void) => {
      due.push(run);
      return () => void due.splice(due.indexOf(run), 1);
    },
    fire: () => due.splice(0).forEach((run) => run()),
    waiting: () => due.length,
  };
}

describe('runWithin', () => {
  const late = () => new Error('late');

  it('gives the value of a task that ends in time, and calls its timer off', async () => {
    const timers = handTimers();
    const { signal } = new AbortController();
    expect(
      await runWithin(async () => Promise.resolve(7), { signal, ms: 10, after: timers.after, late }),
    ).to.equal(7);
    expect(timers.waiting()).to.equal(0);
  });

  it('rejects and aborts the signal of a task that ignores its time', async () => {
    const timers = handTimers();
    const { signal } = new AbortController();
    let given: AbortSignal | undefined;
    const end = runWithin(
      (own) => {
        given = own;
        return never();
      },
      { signal, ms: 10, after: timers.after, late },
    );
    timers.fire();
    await expect(end).to.be.rejectedWith('late');
    expect(given?.aborted).to.equal(true);
    expect(signal.aborted).to.equal(false);
  });

  it('rejects with the reason of the outer signal, and follows it', async () => {
    const timers = handTimers();
    const outer = new AbortController();
    const end = runWithin(never, { signal: outer.signal, ms: 10, after: timers.after, late });
    outer.abort(new Error('gone'));
    await expect(end).to.be.rejectedWith('gone');
    expect(timers.waiting()).to.equal(0);
  });

  it('does not begin once the outer signal has aborted', async () => {
    let begun = false;
    const end = runWithin(
      () => {
        begun = true;
        return never();
      },
      { signal: AbortSignal.abort(new Error('gone')), ms: 10, after: handTimers().after, late },
    );
    await expect(end).to.be.rejectedWith('gone');
    expect(begun).to.equal(false);
  });
});

describe('waitFor', () => {
  it('leaves what is shared alone when one waiter goes', async () => {
    const one = new AbortController();
    let finish: (value: string) => void = () => undefined;
    const shared = new Promise<string>((resolve) => (finish = resolve));
    const gone = waitFor(shared, one.signal);
    const stays = waitFor(shared, new AbortController().signal);
    one.abort(new Error('gone'));
    await expect(gone).to.be.rejectedWith('gone');
    finish('there');
    expect(await stays).to.equal('there');
  });
});

describe('nodeAfter', () => {
  for (const ms of [MAX_TIMER_MS + 1, 26 * 24 * 3_600_000, Infinity]) {
    it(`does not fire at once for a wait of ${ms} ms, as Node would`, async () => {
      let fired = false;
      const callOff = nodeAfter(ms, () => (fired = true));
      await new Promise((resolve) => setTimeout(resolve, 5));
      callOff();
      expect(fired).to.equal(false);
    });
  }
});
