import { expect } from 'chai';
import { inventorySection } from '../../src/config/sections.js';
import { createGate } from './scripted-client.js';
import { useStage } from './stage.js';

describe('createRefresher', () => {
  const stage = useStage();

  it('becomes unavailable by itself, and available again', async () => {
    const told: (readonly [number, boolean, string | undefined])[] = [];
    const begin = stage.time.clock.now();
    const inventory = await stage.started({
      onAvailability: (available, reason) =>
        void told.push([stage.time.clock.now() - begin, available, reason]),
    });
    stage.breakEngine();
    await stage.time.advance(99_999);
    expect(inventory.current().hosts).to.have.length(1);
    await stage.time.advance(2);
    expect(() => inventory.current())
      .to.throw(
        /the inventory is 100 s old, and may be 100 s old at most; the last reading failed: the engine is down/,
      )
      .with.property('code', 'UNAVAILABLE');
    expect(inventory.state().available).to.equal(false);
    stage.mendEngine();
    await stage.time.advance(30_000);
    expect(inventory.current().time).to.be.greaterThan(begin);
    expect(told.map(([, available]) => available)).to.deep.equal([true, false, true]);
    expect(told[1]?.[0]).to.equal(100_001);
    expect(told[1]?.[2]).to.match(/the engine is down/);
  });

  it('says that nothing has been read yet while the first reading is under way', async () => {
    stage.client.before = (_method, signal) => createGate().pass(signal);
    const inventory = await stage.started();
    expect(() => inventory.current()).to.throw('has not been read yet: the first reading is under way');
  });

  it('ends a silent reading after a third of the longest age, 33,333 of 100,000 ms, and stays available', async () => {
    const inventory = await stage.started();
    const signals: AbortSignal[] = [];
    stage.client.before = (_method, signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    };
    await stage.time.advance(30_000);
    await stage.time.advance(33_332);
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([false, false]);
    stage.mendEngine();
    await stage.time.advance(1);
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true, true]);
    expect(inventory.state()).to.include({ available: true, failures: 1 });
    expect(stage.log.lines.at(-1)?.fields['reason']).to.equal(
      'the engine took longer than 33 s for a reading, a third of inventory.maxStaleness',
    );
    await stage.time.advance(1_125);
    expect(inventory.state()).to.include({ available: true, failures: 0 });
    const again = stage.log.lines.filter(({ event }) => event === 'engine read again');
    expect(again.map(({ fields }) => fields)).to.deep.equal([{ failures: 1 }]);
    expect(inventory.current().time).to.equal(stage.time.clock.now());
  });

  it('is never away with the defaults, however many requests of one reading are silent', async () => {
    const told: boolean[] = [];
    const settings = inventorySection.parse({});
    await stage.started({ ...settings, onAvailability: (available) => void told.push(available) });
    stage.client.before = () => new Promise(() => undefined);
    await stage.time.advance(33_000);
    stage.mendEngine();
    await stage.time.advance(3_600_000);
    expect(told).to.deep.equal([true]);
  });

  it('does not let a clock that is set back keep an old snapshot', async () => {
    let back = 0;
    const clock = { now: () => stage.time.clock.now() - back };
    const inventory = await stage.started({ clock, steady: stage.time.clock });
    stage.breakEngine();
    back = 3_600_000;
    await stage.time.advance(99_999);
    expect(inventory.current().hosts).to.have.length(1);
    await stage.time.advance(2);
    expect(() => inventory.current()).to.throw(/100 s old/);
  });
});
