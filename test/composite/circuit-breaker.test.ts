import { expect } from 'chai';
import { createCircuitBreaker } from '../../src/composite/circuit-breaker.js';
import type { BreakerState } from '../../src/process/metrics.js';
import { createFakeTime } from '../inventory/fake-time.js';

function setUp() {
  const time = createFakeTime();
  const changes: string[] = [];
  let probes = 0;
  const breaker = createCircuitBreaker({
    failures: 3,
    pauseMs: 1000,
    after: time.after,
  });
  const unwatch = breaker.watch({
    probe: () => (probes += 1),
    onChange: (state, reason) => changes.push(reason === undefined ? state : `${state}: ${reason}`),
  });
  return { breaker, time, changes, probes: () => probes, unwatch };
}

/** What happens to a breaker: a call that ends so, a listing that ends so, a sign of life, or time passing. */
type Step = 'good' | 'bad' | 'neutral' | 'listed' | 'not listed' | 'dead' | 'revived' | number;

const bad3 = ['bad', 'bad', 'bad'] as const;
const opened = [...bad3, 1000, 'listed'] as const;

const table: readonly {
  readonly title: string;
  readonly steps: readonly Step[];
  readonly state: BreakerState;
  readonly probes?: number;
  /** Timers that are set afterwards: ms until the next try. */
  readonly pending?: readonly number[];
}[] = [
  { title: 'begins closed', steps: [], state: 'closed' },
  { title: 'stays closed after 2 bad calls of 3', steps: ['bad', 'bad'], state: 'closed' },
  { title: 'opens at the third bad call in a row', steps: bad3, state: 'open', pending: [1000] },
  { title: 'counts anew after a good call', steps: ['bad', 'bad', 'good', 'bad', 'bad'], state: 'closed' },
  { title: 'counts on after a neutral call', steps: ['bad', 'bad', 'neutral', 'bad'], state: 'open' },
  {
    title: 'never opens by neutral calls',
    steps: ['neutral', 'neutral', 'neutral', 'neutral'],
    state: 'closed',
  },
  { title: 'counts a listing that nothing answered', steps: ['dead', 'dead', 'bad'], state: 'open' },
  {
    title: 'does not count a listing that is wrong',
    steps: ['not listed', 'not listed', 'not listed'],
    state: 'closed',
  },
  {
    title: 'does not count anew after a good listing',
    steps: ['bad', 'listed', 'bad', 'listed', 'bad'],
    state: 'open',
  },
  { title: 'does not list before the pause is over', steps: [...bad3, 999], state: 'open', probes: 0 },
  { title: 'lists when the pause is over', steps: [...bad3, 1000], state: 'open', probes: 1 },
  { title: 'half-opens when that listing is good', steps: opened, state: 'half-open', probes: 1 },
  {
    title: 'does not half-open by a listing within the pause',
    steps: [...bad3, 500, 'listed'],
    state: 'open',
  },
  {
    title: 'half-opens within the pause when a listing is good after a bad one',
    steps: [...bad3, 500, 'not listed', 'listed'],
    state: 'half-open',
    pending: [],
  },
  {
    title: 'doubles the pause when the listing is bad: 2 x 1000',
    steps: [...bad3, 1000, 'dead'],
    state: 'open',
    pending: [2000],
  },
  {
    title: 'does not double it by a bad listing within the pause',
    steps: [...bad3, 400, 'dead'],
    state: 'open',
    pending: [600],
  },
  {
    title: 'doubles up to the longest pause: 1, 2, 4, 8, 16, then 30 s',
    steps: [...bad3, 1000, 'dead', 2000, 'dead', 4000, 'dead', 8000, 'dead', 16_000, 'dead', 30_000, 'dead'],
    state: 'open',
    probes: 6,
    pending: [30_000],
  },
  { title: 'closes by a good trial', steps: [...opened, 'good'], state: 'closed', pending: [] },
  { title: 'opens by a bad trial, for 2 x 1000', steps: [...opened, 'bad'], state: 'open', pending: [2000] },
  {
    title: 'opens when nothing answers a listing while no trial came, for 2 x 1000',
    steps: [...opened, 'dead'],
    state: 'open',
    pending: [2000],
  },
  {
    title: 'stays half-open when a listing is merely wrong',
    steps: [...opened, 'not listed'],
    state: 'half-open',
  },
  {
    title: 'waits for the next trial after a neutral one',
    steps: [...opened, 'neutral'],
    state: 'half-open',
  },
  {
    title: 'closes by the trial after a neutral one',
    steps: [...opened, 'neutral', 'good'],
    state: 'closed',
  },
  {
    title: 'has the first pause again after it was closed',
    steps: [...opened, 'bad', 2000, 'listed', 'good', ...bad3],
    state: 'open',
    pending: [1000],
  },
  {
    title: 'lists at once at a sign of life',
    steps: [...bad3, 100, 'revived'],
    state: 'open',
    probes: 1,
    pending: [],
  },
  { title: 'half-opens then', steps: [...bad3, 100, 'revived', 'listed'], state: 'half-open' },
  {
    title: 'waits for 2 x 1000 when that listing is bad',
    steps: [...bad3, 100, 'revived', 'dead'],
    state: 'open',
    pending: [2000],
  },
  {
    title: 'does not list at a sign of life when nothing was wrong',
    steps: ['revived'],
    state: 'closed',
    probes: 0,
  },
  {
    title: 'is not closed by good listings and bad trials, however often: the service hangs on real calls',
    steps: [...opened, 'bad', 2000, 'listed', 'bad', 4000, 'listed', 'bad'],
    state: 'open',
    pending: [8000],
  },
];

describe('circuit breaker', () => {
  for (const { title, steps, state, probes, pending } of table) {
    it(`${title}: ${steps.join(', ') || 'nothing happened'} -> ${state}`, async () => {
      const { breaker, time, ...seen } = setUp();
      for (const step of steps) {
        if (typeof step === 'number') await time.advance(step);
        else if (step === 'listed') breaker.listed();
        else if (step === 'not listed') breaker.notListed('nonsense', false);
        else if (step === 'dead') breaker.notListed('nobody there', true);
        else if (step === 'revived') breaker.revived();
        else {
          const end = breaker.admit();
          if (end === undefined) throw new Error(`refused ${step}`);
          end(step, 'it broke');
        }
      }
      expect(breaker.state()).to.equal(state);
      if (probes !== undefined) expect(seen.probes()).to.equal(probes);
      if (pending !== undefined) expect(time.pending()).to.deep.equal(pending);
    });
  }

  async function halfOpen() {
    const stage = setUp();
    for (let n = 0; n < 3; n++) stage.breaker.admit()?.('bad', 'it broke');
    await stage.time.advance(1000);
    stage.breaker.listed();
    return stage;
  }

  it('refuses calls while open and says why', () => {
    const { breaker } = setUp();
    for (let n = 0; n < 3; n++) breaker.admit()?.('bad', `broken ${n}`);
    expect(breaker.admit()).to.equal(undefined);
    expect(breaker.refusal()).to.equal('down (broken 2)');
  });

  it('lets exactly one call through while half-open', async () => {
    const { breaker } = await halfOpen();
    const trial = breaker.admit();
    expect(trial).not.to.equal(undefined);
    expect([breaker.admit(), breaker.admit()]).to.deep.equal([undefined, undefined]);
    expect(breaker.refusal()).to.equal('down, and being tried again now (it broke)');
    trial?.('good');
    expect(breaker.admit()).not.to.equal(undefined);
  });

  it('counts 16 calls that a lost connection ended as one failure: opens at the third loss', () => {
    const { breaker } = setUp();
    const states: BreakerState[] = [];
    for (let loss = 0; loss < 3; loss += 1) {
      const ends = Array.from({ length: 16 }, () => breaker.admit());
      for (const end of ends) end?.('bad', 'the connection was lost');
      states.push(breaker.state());
    }
    expect(states).to.deep.equal(['closed', 'closed', 'open']);
  });

  it('counts a call that began after a failure: 1 + 1 + 1, however many others fail with each', () => {
    const { breaker } = setUp();
    const [first, second] = [breaker.admit(), breaker.admit()];
    first?.('bad', 'it hangs');
    const third = breaker.admit();
    second?.('bad', 'it hangs');
    third?.('bad', 'it hangs');
    expect(breaker.state()).to.equal('closed');
    breaker.admit()?.('bad', 'it hangs');
    expect(breaker.state()).to.equal('open');
  });

  it('takes no notice of calls that began before it opened', async () => {
    const { breaker, time } = setUp();
    const [late, later] = [breaker.admit(), breaker.admit()];
    for (let n = 0; n < 3; n++) breaker.admit()?.('bad', 'it broke');
    late?.('bad', 'later');
    expect(breaker.refusal()).to.equal('down (it broke)');
    expect(time.pending()).to.deep.equal([1000]);
    await time.advance(1000);
    breaker.listed();
    later?.('good');
    expect(breaker.state()).to.equal('half-open');
  });

  it('counts the end of a trial once', async () => {
    const { breaker, time } = await halfOpen();
    const trial = breaker.admit();
    trial?.('bad', 'again');
    trial?.('good');
    trial?.('bad', 'again');
    expect(breaker.state()).to.equal('open');
    expect(time.pending()).to.deep.equal([2000]);
  });

  it('takes no notice of a trial that ends after a listing showed the service dead', async () => {
    const { breaker, time } = await halfOpen();
    const trial = breaker.admit();
    breaker.notListed('nobody there', true);
    trial?.('good');
    expect(breaker.refusal()).to.equal('down (nobody there)');
    expect(time.pending()).to.deep.equal([2000]);
  });

  it('tells each change once, with its reason', async () => {
    const { breaker, changes } = await halfOpen();
    breaker.admit()?.('good');
    breaker.admit()?.('good');
    expect(changes).to.deep.equal(['open: it broke', 'half-open: it broke', 'closed']);
  });

  it('sets no timer off when nobody watches it any more', async () => {
    const { breaker, time, probes, unwatch } = setUp();
    for (let n = 0; n < 3; n++) breaker.admit()?.('bad', 'it broke');
    unwatch();
    await time.advance(100_000);
    expect(probes()).to.equal(0);
  });

  it('calls the watcher that came last, and again the one before when that has gone', async () => {
    const { breaker, time, changes, probes } = setUp();
    const seen: string[] = [];
    const unwatch = breaker.watch({ probe: () => seen.push('probe'), onChange: (state) => seen.push(state) });
    for (let n = 0; n < 3; n++) breaker.admit()?.('bad', 'it broke');
    await time.advance(1000);
    expect(seen).to.deep.equal(['open', 'probe']);
    expect([changes, probes()]).to.deep.equal([[], 0]);
    breaker.notListed('nobody there', true);
    unwatch();
    await time.advance(2000);
    expect([seen.length, probes()]).to.deep.equal([2, 1]);
  });
});
