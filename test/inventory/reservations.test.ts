import { expect } from 'chai';
import {
  createReservations,
  MAX_PREDICTIONS,
  MAX_RESERVATIONS,
  PREDICTION_TTL_MS,
  type Reservations,
} from '../../src/inventory/reservations.js';
import { host, hostId, snapshotOf, vm, vmId } from '../support/world.js';

/** VM 1 runs on host 1, VM 2 on host 2; other VMs are stopped. */
const snapshot = snapshotOf(
  [host(1), host(2), host(3)],
  [vm(1, 'rhel_8x64', { on: 1 }), vm(2, 'rhel_8x64', { on: 2 })],
);

const TTL = 1000;

describe('createReservations', () => {
  let now: number;
  let ends: (readonly [number, string])[];
  let reservations: Reservations;
  beforeEach(() => {
    now = 5000;
    ends = [];
    reservations = createReservations({
      clock: { now: () => now + 1e12 },
      steady: { now: () => now },
      onPredictionEnd: (id, end) => void ends.push([Number.parseInt(id.slice(-12), 16), end]),
    });
  });

  const placement = (n: number, on: number) => ({
    vm: snapshot.vm(vmId(n)) ?? vm(n, 'rhel_8x64'),
    ...{ hostId: hostId(on), hostName: `host-${on}` },
  });
  const reserve = (n: number, on: number, ttlMs = TTL) => reservations.reserve(placement(n, on), ttlMs);
  const predict = (n: number, on: number, before?: number) =>
    reservations.predict({
      ...placement(n, on),
      calledAt: now,
      hostBefore: before === undefined ? undefined : hostId(before),
    });
  /** The hosts' numbers of VMs, with what is kept. */
  const counts = (except?: number) => {
    const { snapshot: reserved } = reservations.countedIn(
      snapshot,
      except === undefined ? undefined : vmId(except),
    );
    return reserved.hosts.map(({ vms, index }) => {
      expect(reserved.vmCounts[index]).to.equal(vms.length);
      return vms.length;
    });
  };
  const read = (n: number, on: number | undefined, began = now) =>
    reservations.vmRead(vmId(n), { began, hostId: on === undefined ? undefined : hostId(on) });

  it('counts a stopped VM where it is reserved, a running one there and nowhere else', () => {
    reserve(9, 3);
    expect(counts()).to.deep.equal([1, 1, 1]);
    reserve(1, 3);
    expect(counts()).to.deep.equal([0, 1, 2]);
  });

  it('counts all but the reservation of the VM that is asked for', () => {
    reserve(9, 3);
    reserve(1, 3);
    expect(counts(9)).to.deep.equal([0, 1, 1]);
    expect(counts(1)).to.deep.equal([1, 1, 1]);
    expect(counts(2)).to.deep.equal([0, 1, 2]);
  });

  it('makes the snapshot once for a snapshot and its reservations', () => {
    const made = () => reservations.countedIn(snapshot).snapshot;
    expect(made()).to.equal(snapshot);
    reserve(9, 3);
    const first = made();
    expect(made()).to.equal(first);
    expect(reservations.countedIn(snapshot, vmId(2)).snapshot, 'a VM without a reservation').to.equal(first);
    const without = reservations.countedIn(snapshot, vmId(9)).snapshot;
    expect(reservations.countedIn(snapshot, vmId(9)).snapshot).to.equal(without);
    reserve(8, 3);
    expect(made()).to.not.equal(first);
    expect(reservations.countedIn({ ...snapshot }).snapshot).to.not.equal(made());
  });

  it('ends at its time, 1000 ms, and not before', () => {
    reserve(9, 3);
    reserve(8, 3, TTL + 1);
    now += TTL - 1;
    expect(counts()).to.deep.equal([1, 1, 2]);
    now += 1;
    expect(counts()).to.deep.equal([1, 1, 1]);
    now += 1;
    expect(reservations.list()).to.deep.equal([]);
  });

  it('ends with a reading begun after it that shows the VM there, and with no other', () => {
    reserve(1, 3);
    read(1, 3, now);
    now += 1;
    for (const elsewhere of [1, 2, undefined]) read(1, elsewhere);
    read(9, 3);
    expect(counts()).to.deep.equal([0, 1, 1]);
    read(1, 3);
    expect(reservations.list()).to.deep.equal([]);
  });

  it('ends with a whole listing, whose VMs are all read', () => {
    reserve(9, 3);
    reserve(8, 3);
    now += 1;
    const later = snapshotOf([host(3)], [vm(9, 'rhel_8x64', { on: 3 })]);
    reservations.listingRead(later, now - 1);
    expect(reservations.list()).to.have.length(2);
    reservations.listingRead(later, now);
    expect(reservations.list().map((kept) => kept.vm.id)).to.deep.equal([vmId(8)]);
  });

  it('replaces the reservation of the same VM, whose time counts from then on', () => {
    reserve(9, 3);
    now += TTL - 1;
    reserve(9, 2);
    now += TTL - 1;
    expect(counts()).to.deep.equal([1, 2, 0]);
  });

  it('counts nowhere else when the host is gone: the VM stays where the snapshot has it', () => {
    reserve(1, 7);
    expect(counts()).to.deep.equal([1, 1, 0]);
  });

  it('tells when it began and when it ends at the latest', () => {
    expect(reserve(9, 3)).to.include({ predicted: false, startTime: 1e12 + 5000, endTime: 1e12 + 6000 });
  });

  it(`keeps at most ${MAX_RESERVATIONS}; one of them can be replaced, or make room`, () => {
    for (let n = 1; n <= MAX_RESERVATIONS; n++) reserve(n, 3);
    const refusal = new RegExp(`^${MAX_RESERVATIONS} VMs are reserved, the most that are kept; release`);
    expect(() => reserve(5000, 3))
      .to.throw(refusal)
      .with.property('code', 'RESOURCE_EXHAUSTED');
    expect(() => reserve(1, 2)).to.not.throw();
    reservations.release(vmId(2));
    expect(() => reserve(5000, 3)).to.not.throw();
  });

  describe('predictions', () => {
    it('end when a later reading shows the VM at another host than before, and tell whether they were right', () => {
      for (const [n, before] of [
        [1, 1],
        [2, 2],
        [9, undefined],
      ] as const)
        predict(n, 3, before);
      expect(counts()).to.deep.equal([0, 0, 3]);
      read(1, 3, now);
      now += 1;
      read(1, 1);
      read(9, undefined);
      expect(ends).to.deep.equal([]);
      read(1, 3);
      read(2, 1);
      read(9, 3);
      expect(ends).to.deep.equal([
        [1, 'right'],
        [2, 'wrong'],
        [9, 'right'],
      ]);
      expect(reservations.list()).to.deep.equal([]);
    });

    it('that a look-up saw come true count until a later reading, also when that shows the VM stopped or back', () => {
      for (const [n, before] of [
        [1, 1],
        [9, undefined],
      ] as const) {
        predict(n, 3, before);
        now += 2;
        const began = now - 1;
        expect(reservations.vmSeen({ ...placement(n, 3), began })).to.equal(true);
        read(n, before, now);
        expect(reservations.list()).to.have.length(1);
        now += 1;
        read(n, before, now);
        expect(reservations.list()).to.deep.equal([]);
      }
      expect(ends.map(([, end]) => end)).to.deep.equal(['right', 'right']);
    });

    it(`end unseen after ${PREDICTION_TTL_MS} ms`, () => {
      predict(9, 3);
      now += PREDICTION_TTL_MS - 1;
      expect(counts()).to.deep.equal([1, 1, 1]);
      now += 1;
      expect(counts()).to.deep.equal([1, 1, 0]);
      expect(ends).to.deep.equal([[9, 'unseen']]);
    });

    it('are replaced by the next one, and by a reservation, which they do not replace', () => {
      predict(9, 3);
      predict(9, 2);
      expect(counts()).to.deep.equal([1, 2, 0]);
      reserve(9, 1);
      expect(predict(9, 3)).to.equal(false);
      expect(counts()).to.deep.equal([2, 1, 0]);
      expect(reservations.list()[0]).to.include({ predicted: false });
      expect(ends).to.deep.equal([
        [9, 'dropped'],
        [9, 'dropped'],
      ]);
    });

    it('are dropped alone: a reservation stays', () => {
      predict(9, 3);
      reserve(8, 3);
      for (const n of [8, 9]) reservations.dropPrediction(vmId(n));
      expect(reservations.list().map((kept) => kept.vm.id)).to.deep.equal([vmId(8)]);
    });

    it(`are at most ${MAX_PREDICTIONS}, beside reservations: the oldest makes room`, () => {
      reserve(5000, 3);
      for (let n = 1; n <= MAX_PREDICTIONS; n++) predict(n, 3);
      expect(reservations.list()).to.have.length(MAX_PREDICTIONS + 1);
      expect(predict(5001, 3)).to.equal(true);
      expect(reservations.list()).to.have.length(MAX_PREDICTIONS + 1);
      expect(ends).to.deep.equal([[1, 'dropped']]);
    });
  });
});
