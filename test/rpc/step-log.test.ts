import { expect } from 'chai';
import { diffSnapshots } from '../../src/domain/snapshot-delta.js';
import { createFeed } from '../../src/inventory/feed.js';
import { createPartReader } from '../../src/rpc/message/watch.js';
import { createStepLog, KEPT_FOR_MS, MAX_STEP_OBJECTS } from '../../src/rpc/step-log.js';
import { createFakeTime } from '../inventory/fake-time.js';
import { host, snapshotOf, vm } from '../support/world.js';

describe('createStepLog', () => {
  const read = createPartReader();

  function open(maxBytes?: number) {
    let snapshot = snapshotOf([host(1)], []);
    const steady = { now: () => 0 };
    const feed = createFeed({
      current: () => snapshot,
      listReservations: () => [],
      steady,
      use: () => undefined,
    });
    const time = createFakeTime();
    const closing = new AbortController();
    const log = createStepLog(feed, {
      ...{ closing: closing.signal, after: time.after },
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
    const publish = (vms: number) => {
      const next = snapshotOf(
        [host(1)],
        Array.from({ length: vms }, (_, n) => vm(n, 'other', { on: 1 })),
      );
      feed.update({ snapshot: next, delta: diffSnapshots(snapshot, next), began: 0 });
      snapshot = next;
    };
    feed.update({ snapshot, delta: undefined, began: 0 });
    return { log, time, closing, publish };
  }

  /** Reads what a watcher gets next: `whole`, or the number of VMs that came or left, for each step. */
  function taken({ next }: ReturnType<ReturnType<typeof open>['log']['open']>) {
    const steps: (number | 'whole')[] = [];
    let position = { epoch: '', sequence: 0 };
    for (let bytes = next(); bytes !== undefined; bytes = next()) {
      const { epoch, sequence, restart, more, delta } = read(bytes);
      if (!more) position = { epoch, sequence };
      steps.push(restart ? 'whole' : delta.vms.changed.length + delta.vms.removed.length);
    }
    return { steps, position };
  }

  it('sends all first, each step once, and, when the watcher is up to date, how old that is', () => {
    const { log, publish } = open();
    const cursor = log.open(undefined);
    expect(taken(cursor).steps).to.deep.equal(['whole', 0]);
    publish(3);
    publish(1);
    expect(taken(cursor).steps).to.deep.equal([3, 2]);
  });

  it('makes the bytes of a step once for all watchers', () => {
    const { log, publish } = open();
    const cursors = [log.open(undefined), log.open(undefined)];
    const [one, other] = cursors.map(({ next }) => next());
    expect(one).to.equal(other);
    cursors.forEach(taken);
    publish(3);
    const [step, same] = cursors.map(({ next }) => next());
    expect(step).to.not.equal(undefined);
    expect(step).to.equal(same);
  });

  it('goes on from a position as long as it has what came after, and else with all', () => {
    const { log, publish } = open(6000);
    const cursor = log.open(undefined);
    const { position } = taken(cursor);
    publish(3);
    expect(taken(log.open(position)).steps).to.deep.equal([3, 0]);
    for (let n = 0; n < 10; n++) publish(4 + n);
    expect(taken(log.open(position)).steps).to.deep.equal(['whole', 0]);
    expect(taken(log.open({ ...position, epoch: 'other' })).steps).to.deep.equal(['whole', 0]);
    expect(taken(cursor).steps, 'a watcher that did not read').to.deep.equal(['whole', 0]);
  });

  it('starts anew with a watcher that takes all so slowly that it could not go on from there', () => {
    const { log, publish } = open(6000);
    publish(1200);
    const cursor = log.open(undefined);
    expect(read(cursor.next() ?? Buffer.of()).more).to.equal(true);
    for (let n = 0; n < 20; n++) publish(n);
    expect(taken(cursor).steps).to.deep.equal(['whole', 0]);
  });

  it(`sends all in place of a step of more than ${MAX_STEP_OBJECTS} objects`, () => {
    const { log, publish } = open();
    const cursor = log.open(undefined);
    taken(cursor);
    publish(MAX_STEP_OBJECTS);
    expect(taken(cursor).steps).to.deep.equal(Array.from({ length: MAX_STEP_OBJECTS / 500 }, () => 500));
    publish(0);
    publish(MAX_STEP_OBJECTS + 1);
    expect(taken(cursor).steps[0]).to.equal('whole');
  });

  it('listens on for a minute after the last watcher left, and not when the server closes', async () => {
    const { log, time, closing, publish } = open();
    const cursor = log.open(undefined);
    const { position } = taken(cursor);
    cursor.close();
    publish(1);
    await time.advance(KEPT_FOR_MS - 1);
    const again = log.open(position);
    expect(taken(again).steps).to.deep.equal([1, 0]);
    again.close();
    await time.advance(KEPT_FOR_MS);
    expect(taken(log.open(position)).steps).to.deep.equal(['whole', 0]);
    const last = log.open(undefined);
    closing.abort();
    last.close();
    expect(time.pending()).to.deep.equal([]);
  });
});
