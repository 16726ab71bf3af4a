import { expect } from 'chai';
import { CHURN_TICK_MS, createChurn, MAX_CHURN, MIGRATION_MS } from '../../src/simulator/churn.js';
import { generatedWorld } from '../../src/simulator/generated-world.js';
import { createWorld, type World } from '../../src/simulator/world.js';

/** A churn of a world, and a clock that only this moves. */
function churned(makeWorld: (clock: { now: () => number }) => World) {
  let now = 0;
  let due: { readonly at: number; readonly run: () => void } | undefined;
  const clock = { now: () => now };
  const world = makeWorld(clock);
  const churn = createChurn(world, clock, (ms, run) => {
    const mine = { at: now + ms, run };
    due = mine;
    return () => {
      if (due === mine) due = undefined;
    };
  });
  const pass = (ms: number) => {
    const end = now + ms;
    while (due !== undefined && due.at <= end) {
      const { at, run } = due;
      [now, due] = [at, undefined];
      run();
    }
    now = end;
  };
  const standStill = (ms: number) => {
    now += ms;
    const { run } = due ?? { run: () => undefined };
    due = undefined;
    run();
  };
  return { world, churn, pass, standStill, isWaiting: () => due !== undefined };
}

const site = (clock: { now: () => number }) =>
  generatedWorld({ hosts: 50, vms: 1_000, seed: 1, stoppedVms: 100, clock });

/** Events that begin a change of a VM. */
const begun = ({ events }: World) =>
  events
    .after(0)
    .filter(({ name }) => ['USER_STARTED_VM', 'USER_STOP_VM', 'VM_MIGRATION_START'].includes(name)).length;

describe('createChurn', () => {
  for (const { rate, seconds } of [
    { rate: 50, seconds: 10 },
    { rate: 0.5, seconds: 60 },
    { rate: 3.3, seconds: 100 },
  ]) {
    it(`changes about ${rate * seconds} VMs at ${rate} a second in ${seconds} s`, () => {
      const { world, churn, pass } = churned(site);
      churn.set(rate);
      pass(seconds * 1_000);
      // A pick may be of a VM that migrates, or of the host where it runs already.
      expect(begun(world)).to.be.within(rate * seconds * 0.8, rate * seconds);
    });
  }

  it('starts, stops and migrates, and the last migration ends although it rests by then', () => {
    const { world, churn, pass, isWaiting } = churned(site);
    churn.set(50);
    pass(10_000);
    churn.set(0);
    expect(world.vmsByName().some(({ status }) => status === 'migrating')).to.equal(true);
    pass(MIGRATION_MS + CHURN_TICK_MS);
    expect(world.vmsByName().some(({ status }) => status === 'migrating')).to.equal(false);
    expect(new Set(world.events.after(0).map(({ name }) => name))).to.deep.equal(
      new Set([
        'USER_STARTED_VM',
        'USER_RUN_VM',
        'USER_STOP_VM',
        'VM_DOWN',
        'VM_MIGRATION_START',
        'VM_MIGRATION_DONE',
      ]),
    );
    expect([churn.rate(), isWaiting()]).to.deep.equal([0, false]);
  });

  it('lets a migration fail whose target went into maintenance meanwhile', () => {
    const { world, churn, pass } = churned(site);
    churn.set(50);
    pass(1_000);
    for (const { id } of world.hostsByName()) world.setHostStatus(id, 'maintenance');
    pass(MIGRATION_MS);
    const names = world.events.after(0).map(({ name }) => name);
    expect(names).to.include('VM_MIGRATION_FAILED').and.not.to.include('VM_MIGRATION_DONE');
  });

  it('makes up for a second at most when the process stood still for a minute: 10 VMs at 10 a second', () => {
    const { world, churn, standStill } = churned(site);
    churn.set(10);
    standStill(60_000);
    expect(begun(world)).to.be.within(8, 10);
  });

  it('changes nothing more once it is stopped', () => {
    const { world, churn, pass, isWaiting } = churned(site);
    churn.set(10);
    pass(1_000);
    const before = world.events.after(0).length;
    churn.stop();
    pass(60_000);
    expect([world.events.after(0).length, churn.rate(), isWaiting()]).to.deep.equal([before, 0, false]);
  });

  it('finds nothing to change in an empty world', () => {
    const { world, churn, pass } = churned((clock) => createWorld({ clock }));
    churn.set(10);
    pass(10_000);
    expect(world.events.after(0)).to.deep.equal([]);
  });

  for (const rate of [-1, MAX_CHURN + 1, Number.NaN]) {
    it(`refuses ${rate} VMs a second, and goes on as before`, () => {
      const { churn } = churned(site);
      churn.set(MAX_CHURN);
      expect(() => churn.set(rate))
        .to.throw(`vms_per_second: expected a number from 0 to ${MAX_CHURN}, got ${rate}`)
        .with.property('code', 'INVALID_ARGUMENT');
      expect(churn.rate()).to.equal(MAX_CHURN);
    });
  }
});
