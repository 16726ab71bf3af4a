import { expect } from 'chai';
import { settle } from './fake-time.js';
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

  it('does not take a snapshot that was too old when it came', async () => {
    const gate = createGate();
    stage.client.before = (_method, signal) => gate.pass(signal);
    const inventory = await stage.started();
    await stage.time.advance(200_000);
    gate.open();
    await settle();
    expect(() => inventory.current()).to.throw(/200 s old/);
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
