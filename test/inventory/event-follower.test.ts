import { expect } from 'chai';
import { inventorySection } from '../../src/config/sections.js';
import { applyDelta } from '../../src/domain/snapshot-delta.js';
import type { Snapshot } from '../../src/domain/snapshot.js';
import type { EventQuery } from '../../src/inventory/engine-client.js';
import { MAX_FROM, NEWEST_EVENTS, type EngineEvent } from '../../src/inventory/engine-events.js';
import {
  EVENT_OVERLAP,
  MAX_CHANGED,
  MAX_CONCURRENT_READS,
  MAX_REPEATS,
} from '../../src/inventory/event-follower.js';
import type { InventoryOptions } from '../../src/inventory/inventory.js';
import type { ObjectCounts, SnapshotUpdate } from '../../src/inventory/refresher.js';
import { HOST, vmId } from './engine-world.js';
import { createGate, LOGIN, scriptedHost, scriptedVm } from './scripted-client.js';
import { settle } from './fake-time.js';
import { codeOf, engineCall, useStage } from './stage.js';

const HOST_2 = HOST.replace(/^7/, '8');

/** Every second; the clock of these tests goes by whole ones. */
const SECOND = 1000;
const MINUTE = 60 * SECOND;

describe('createEventFollower', () => {
  const stage = useStage();
  let lags: number[];
  let healed: ObjectCounts[];
  let updates: SnapshotUpdate[];

  beforeEach(() => {
    [lags, healed, updates] = [[], [], []];
    stage.client.hosts = [scriptedHost(), scriptedHost({ id: HOST_2, name: 'H2' })];
    stage.client.events = [event(10)];
  });

  /** An event of now: of the first VM unless it is said otherwise. */
  const event = (id: number, more: Partial<EngineEvent> = {}): EngineEvent => ({
    id,
    time: stage.time.clock.now(),
    code: 32,
    kind: 'vm',
    objectId: vmId(1),
    ...more,
  });
  const happens = (id: number, more: Partial<EngineEvent> = {}): void => {
    stage.client.events = [...stage.client.events, event(id, more)].sort((a, b) => a.id - b.id);
  };
  const follow = (options: Parameters<typeof stage.started>[0] = {}) =>
    stage.started({
      eventInterval: SECOND,
      onEvents: (more) => lags.push(...more),
      onHealed: (more) => healed.push(more),
      onUpdate: (update) => updates.push(update),
      ...options,
    });
  const vmsOn = (snapshot: Snapshot, hostId: string) => snapshot.host(hostId)?.vms.map(({ id }) => id);
  const fullReadings = () => stage.client.calls.vms;

  it('notes the newest event before the first full reading, and asks every second for those after it', async () => {
    const begun: number[] = [];
    stage.client.before = (method) => {
      if (method === 'vms') begun.push(stage.client.calls.events.length);
      return Promise.resolve();
    };
    const inventory = await follow();
    expect(begun).to.deep.equal([1]);
    expect(inventory.current().eventId).to.equal(10);
    await stage.time.advance(3 * SECOND);
    // The last known event is asked for again: an answer without it tells of a restored database.
    expect(stage.client.calls.events).to.deep.equal(['newest', ...[9, 9, 9, 9].map((from) => ({ from }))]);
    expect(fullReadings()).to.equal(1);
  });

  it('shows a VM where it is within a second, and reads nothing but that VM', async () => {
    const inventory = await follow();
    const before = inventory.current();
    await stage.time.advance(0);
    stage.client.vms = [scriptedVm(1, { hostId: HOST_2 })];
    happens(12);
    await stage.time.advance(SECOND);
    const after = inventory.current();
    expect([vmsOn(after, HOST), vmsOn(after, HOST_2)]).to.deep.equal([[], [vmId(1)]]);
    expect(after.eventId).to.equal(12);
    expect(after.hostOrder).to.equal(before.hostOrder);
    expect(stage.client.calls).to.deep.include({ hosts: 1, vms: 1, vm: [vmId(1)], host: [] });
    expect(lags).to.deep.equal([SECOND]);
  });

  for (const late of [1, MAX_REPEATS, MAX_REPEATS + 1]) {
    const isRead = late <= MAX_REPEATS;
    it(`${isRead ? 'shows' : 'does not show'} a VM and a host that change after the ${late}. reading that their events led to`, async () => {
      const inventory = await follow();
      await stage.time.advance(0);
      happens(11);
      happens(12, { kind: 'host', objectId: HOST });
      await stage.time.advance(late * SECOND);
      stage.client.vms = [];
      stage.client.hosts = [scriptedHost({ status: 'maintenance' })];
      await stage.time.advance(3 * SECOND);
      expect(inventory.state().vms).to.equal(isRead ? 0 : 1);
      expect(inventory.current().host(HOST)?.status).to.equal(isRead ? 'maintenance' : 'up');
      expect(stage.client.calls.vm).to.have.length(Math.min(1 + late, 1 + MAX_REPEATS));
      expect(fullReadings()).to.equal(1);
    });
  }

  it('reads a VM once more that shows what the first of two events told of, the other having come before what it tells of', async () => {
    const inventory = await follow();
    await stage.time.advance(0);
    happens(11);
    happens(12);
    stage.client.vms = [scriptedVm(1, { status: 'powering_down' })];
    await stage.time.advance(SECOND);
    stage.client.vms = [];
    await stage.time.advance(3 * SECOND);
    expect(inventory.state().vms).to.equal(0);
    expect(stage.client.calls.vm).to.have.length(2);
  });

  it('takes a VM in that starts, and out one that stops or is gone', async () => {
    stage.client.vms = [1, 2].map((n) => scriptedVm(n));
    const inventory = await follow();
    stage.client.vms = [scriptedVm(1, { hostId: undefined, status: 'down' }), scriptedVm(3)];
    [1, 2, 3].forEach((n) => happens(10 + n, { objectId: vmId(n) }));
    await stage.time.advance(SECOND);
    expect([1, 2, 3].map((n) => inventory.current().vm(vmId(n)) !== undefined)).to.deep.equal([
      false,
      false,
      true,
    ]);
    expect(inventory.state()).to.include({ hosts: 2, vms: 1 });
  });

  it('takes a host with its new status and its old free memory, which is in the statistics only, and out one that is gone', async () => {
    const inventory = await follow();
    stage.client.hosts = [scriptedHost({ status: 'maintenance' })];
    happens(11, { kind: 'host', objectId: HOST });
    happens(12, { kind: 'host', objectId: HOST_2 });
    await stage.time.advance(SECOND);
    expect(inventory.current().hosts.map(({ id, status }) => [id, status])).to.deep.equal([
      [HOST, 'maintenance'],
    ]);
    expect(inventory.current().host(HOST)?.memory.freeMiB).to.equal(4096);
  });

  it('advances the time of the snapshot with each answer, so that it never gets too old', async () => {
    const inventory = await follow({ maxStaleness: 40 * SECOND });
    await stage.time.advance(5 * MINUTE);
    expect(stage.time.clock.now() - inventory.current().time).to.be.at.most(SECOND);
    expect(fullReadings()).to.equal(1);
  });

  it('goes by a clock that is set back by an hour at once, lest an old snapshot look new', async () => {
    const { clock: steady } = stage.time;
    let offset = 0;
    const clock = { now: () => steady.now() + offset };
    const inventory = await follow({ clock });
    await stage.time.advance(10 * SECOND);
    offset = -60 * MINUTE;
    await stage.time.advance(SECOND);
    expect(clock.now() - inventory.current().time).to.be.within(0, SECOND);
    expect(clock.now() - inventory.current().memoryTime).to.be.within(0, SECOND);
    await stage.time.advance(10 * MINUTE);
    expect(clock.now() - inventory.current().time).to.be.within(0, SECOND);
  });

  it(`reads at most ${MAX_CONCURRENT_READS} objects at the same time`, async () => {
    stage.client.vms = Array.from({ length: 20 }, (_, n) => scriptedVm(n));
    await follow();
    await stage.time.advance(0);
    let [now, most] = [0, 0];
    stage.client.before = async (method) => {
      if (method !== 'vm') return;
      most = Math.max(most, ++now);
      await settle();
      now -= 1;
    };
    stage.client.vms.forEach(({ id }, n) => happens(20 + n, { objectId: id }));
    await stage.time.advance(SECOND);
    for (let turn = 0; turn < 20; turn += 1) await settle();
    expect(most).to.equal(MAX_CONCURRENT_READS);
    expect(stage.client.calls.vm).to.have.length(20);
  });

  for (const [changed, singles, readings] of [
    [MAX_CHANGED, MAX_CHANGED, 1],
    [MAX_CHANGED + 1, 0, 2],
  ] as const) {
    it(`reads ${changed} changed objects by ${singles} single requests and ${readings - 1} full readings`, async () => {
      stage.client.vms = Array.from({ length: changed }, (_, n) => scriptedVm(n));
      const inventory = await follow();
      await stage.time.advance(0);
      stage.client.vms = stage.client.vms.map((vm) => ({ ...vm, hostId: HOST_2 }));
      stage.client.vms.forEach(({ id }, n) => happens(20 + n, { objectId: id }));
      await stage.time.advance(SECOND);
      for (let turn = 0; turn < 10; turn += 1) await stage.time.advance(0);
      expect(inventory.current().host(HOST_2)?.vms).to.have.length(changed);
      expect([stage.client.calls.vm.length, fullReadings()]).to.deep.equal([singles, readings]);
    });
  }

  for (const [more, readings] of [
    [0, 1],
    [1, 2],
  ] as const) {
    it(`reads ${MAX_CHANGED + 1} objects that changed during a full reading, and then ${MAX_CHANGED + 1} + ${more}, with ${readings - 1} further full readings`, async () => {
      const ids = Array.from({ length: MAX_CHANGED + 1 + more }, (_, n) => n);
      stage.client.vms = ids.map((n) => scriptedVm(n));
      stage.client.before = (method) => {
        if (method === 'vms' && fullReadings() === 1)
          ids.slice(more).forEach((n) => happens(20 + n, { objectId: vmId(n) }));
        return Promise.resolve();
      };
      const inventory = await follow();
      for (let turn = 0; turn < 10; turn += 1) await stage.time.advance(0);
      stage.client.vms = stage.client.vms.map((vm) => ({ ...vm, hostId: HOST_2 }));
      ids.forEach((n) => happens(2000 + n, { objectId: vmId(n) }));
      await stage.time.advance(SECOND);
      for (let turn = 0; turn < 10; turn += 1) await stage.time.advance(0);
      expect(inventory.current().host(HOST_2)?.vms).to.have.length(ids.length);
      expect(fullReadings()).to.equal(readings);
    });
  }

  it('reads an object whose event can be read only after later ones', async () => {
    const inventory = await follow();
    happens(15, { objectId: vmId(7) });
    await stage.time.advance(EVENT_OVERLAP - SECOND);
    stage.client.vms = [scriptedVm(1, { hostId: HOST_2 })];
    happens(12);
    await stage.time.advance(SECOND);
    expect(inventory.current().vm(vmId(1))?.hostId).to.equal(HOST_2);
    expect(inventory.current().eventId).to.equal(15);
    expect(fullReadings()).to.equal(1);
  });

  for (const [later, hostId] of [
    [NEWEST_EVENTS - 1, HOST_2],
    [NEWEST_EVENTS, HOST],
  ] as const) {
    it(`${hostId === HOST ? 'misses' : 'reads'} an object whose event can be read only after ${later} later ones, with which following began`, async () => {
      stage.client.events = [
        event(8),
        ...Array.from({ length: later }, (_, n) => event(10 + n, { objectId: vmId(7) })),
      ];
      const inventory = await follow();
      stage.client.vms = [scriptedVm(1, { hostId: HOST_2 })];
      happens(9);
      await stage.time.advance(SECOND);
      expect(inventory.current().vm(vmId(1))?.hostId).to.equal(hostId);
      expect(inventory.current().eventId).to.equal(9 + later);
      expect(fullReadings()).to.equal(1);
    });
  }

  for (const [id, follows] of [
    [MAX_FROM, true],
    [MAX_FROM + 1, false],
  ] as const) {
    it(`${follows ? 'follows' : 'does not follow'} events from the id ${id} on: after it the engine ${follows ? 'lists them' : 'would list all that it has'}`, async () => {
      stage.client.events = [event(id)];
      const inventory = await follow();
      await stage.time.advance(2 * SECOND);
      expect(inventory.state().followsEvents).to.equal(follows);
      expect(fullReadings()).to.equal(1);
    });
  }

  it('gives events up once when their ids grow beyond that, and never asks for those after a higher one', async () => {
    stage.client.events = [1, 0].map((n) => event(MAX_FROM - n));
    const inventory = await follow();
    expect(inventory.state().followsEvents).to.equal(true);
    for (const later of [1, 2, 3, 4]) {
      happens(MAX_FROM + later);
      await stage.time.advance(EVENT_OVERLAP + 2 * SECOND);
    }
    const asked = stage.client.calls.events.map((query) =>
      typeof query === 'object' && 'from' in query ? query.from : 0,
    );
    expect(Math.max(...asked)).to.be.at.most(MAX_FROM);
    expect(inventory.state().followsEvents).to.equal(false);
    expect(stage.log.lines.filter(({ event }) => event === 'engine events given up')).to.have.length(1);
  });

  it('reads an object whose event is the first after a quiet time, and can be read only after the next one', async () => {
    const inventory = await follow();
    await stage.time.advance(MINUTE);
    happens(12, { objectId: vmId(7) });
    await stage.time.advance(SECOND);
    stage.client.vms = [scriptedVm(1, { hostId: HOST_2 })];
    happens(11);
    await stage.time.advance(SECOND);
    expect(inventory.current().vm(vmId(1))?.hostId).to.equal(HOST_2);
    expect(inventory.current().eventId).to.equal(12);
    expect(fullReadings()).to.equal(1);
  });

  describe('reads everything at once', () => {
    it('when ids jump back, as after a restored backup', async () => {
      const inventory = await follow();
      await stage.time.advance(SECOND);
      stage.client.events = [event(4)];
      stage.client.vms = [scriptedVm(1, { hostId: HOST_2 })];
      await stage.time.advance(SECOND);
      expect(inventory.current()).to.deep.include({ eventId: 4 });
      expect(inventory.current().vm(vmId(1))?.hostId).to.equal(HOST_2);
      expect(fullReadings()).to.equal(2);
      expect(inventory.state().followsEvents).to.equal(true);
    });

    it('when an id that is known is that of another event', async () => {
      await follow();
      stage.client.events = [{ ...event(10), time: 1 }, event(11)];
      await stage.time.advance(SECOND);
      expect(fullReadings()).to.equal(2);
    });

    it('when objects are not read within a third of the longest age, 33,333 of 100,000 ms, so that it stays available', async () => {
      const inventory = await follow();
      await stage.time.advance(0);
      stage.client.before = (method, signal) =>
        method === 'vm' ? createGate().pass(signal) : Promise.resolve();
      stage.client.vms = [scriptedVm(1, { hostId: HOST_2 })];
      happens(11);
      await stage.time.advance(34 * SECOND);
      expect(fullReadings()).to.equal(1);
      await stage.time.advance(SECOND);
      expect(fullReadings()).to.equal(2);
      expect(inventory.current().vm(vmId(1))?.hostId).to.equal(HOST_2);
    });

    it('when an event can not be understood: what it tells of would be missed', async () => {
      const { client } = stage;
      const inventory = await follow({
        client: {
          ...client,
          listEvents: (query, begin, signal) =>
            client.listEvents(
              query,
              () => {
                const visitor = begin();
                if (fullReadings() === 1 && query !== 'newest')
                  visitor.odd('event 11: time: expected a number');
                return visitor;
              },
              signal,
            ),
        },
      });
      client.vms = [scriptedVm(1, { hostId: HOST_2 })];
      await stage.time.advance(SECOND);
      expect(inventory.current().vm(vmId(1))?.hostId).to.equal(HOST_2);
      expect(inventory.state().followsEvents).to.equal(true);
      expect(fullReadings()).to.equal(2);
      expect(stage.log.lines.map(({ fields }) => String(fields['reason'])).join()).to.include(
        'event 11: time:',
      );
    });

    it('when events can not be read, then ever more seldom up to every 30 s, and follows events again', async () => {
      const inventory = await follow();
      const start = stage.time.clock.now();
      const times: number[] = [];
      const failing = (method: string) => {
        if (method === 'vms') times.push((stage.time.clock.now() - start) / SECOND);
        // The newest one can be read, and so events seem to work.
        const isPoll = method === 'events' && stage.client.calls.events.at(-1) !== 'newest';
        return isPoll ? Promise.reject(new Error('cut')) : Promise.resolve();
      };
      stage.client.before = failing;
      await stage.time.advance(2 * MINUTE);
      expect(times.slice(0, 3).map(Math.round)).to.deep.equal([0, 1, 3]);
      expect(times.length).to.be.at.most(9);
      stage.mendEngine();
      await stage.time.advance(MINUTE);
      expect(inventory.state().followsEvents).to.equal(true);
      const readings = fullReadings();
      await stage.time.advance(5 * MINUTE);
      expect(fullReadings()).to.equal(readings);
    });
  });

  it('reads everything every 30 s while the engine refuses its events, says so, and follows them once it does not', async () => {
    const refuse = (method: string) =>
      method === 'events' ? Promise.reject(new Error('403')) : Promise.resolve();
    stage.client.before = refuse;
    const inventory = await follow();
    await stage.time.advance(2 * MINUTE);
    expect(fullReadings()).to.equal(5);
    expect(inventory.state()).to.include({ available: true, failures: 0, followsEvents: false });
    expect(stage.log.lines.map(({ event }) => event)).to.include('engine events not followed');
    stage.mendEngine();
    await stage.time.advance(5 * MINUTE);
    expect(fullReadings()).to.equal(6);
  });

  /** An engine whose answers to some queries have no event. */
  const hiding = (hides: (query: EventQuery) => boolean): Partial<InventoryOptions> => {
    const { client } = stage;
    return {
      client: {
        ...client,
        listEvents: (query, begin, signal) =>
          hides(query) ? Promise.resolve(void begin()) : client.listEvents(query, begin, signal),
      },
    };
  };
  const warnings = (name: string) =>
    stage.log.lines.filter((line) => line.event === name).map(({ fields }) => String(fields['reason']));

  it('does not follow events of which its search finds none although the engine has some', async () => {
    const inventory = await follow(hiding((query) => query !== 'newest of any kind'));
    await stage.time.advance(MINUTE);
    expect(inventory.state().followsEvents).to.equal(false);
    expect(fullReadings()).to.equal(3);
    expect(warnings('engine events not followed')[0]).to.include('too old');
  });

  it('reads everything every 30 s with an account that sees no events, and names the role that it needs', async () => {
    const inventory = await follow(hiding(() => true));
    stage.client.vms = [scriptedVm(1, { hostId: HOST_2 })];
    await stage.time.advance(31 * SECOND);
    expect(inventory.current().vm(vmId(1))?.hostId).to.equal(HOST_2);
    expect(warnings('engine events not seen').join()).to.include(
      'ReadOnlyAdmin on the whole system, to see events',
    );
    await stage.time.advance(5 * MINUTE);
    expect(fullReadings()).to.equal(12);
  });

  it('follows an engine where no host or VM changed in the 30 days that it keeps events, one login in these', async () => {
    stage.client.events = [event(7, { code: LOGIN, objectId: undefined })];
    const inventory = await follow();
    await stage.time.advance(MINUTE);
    expect([fullReadings(), warnings('engine events not followed')]).to.deep.equal([1, []]);
    happens(1);
    stage.client.vms = [scriptedVm(1, { hostId: HOST_2 })];
    await stage.time.advance(SECOND);
    expect(inventory.current().vm(vmId(1))?.hostId).to.equal(HOST_2);
  });

  it('follows the events after one that can not be understood, when it is older than the newest ones', async () => {
    const { client } = stage;
    client.events = [event(8), event(9), event(10)];
    const inventory = await follow({
      client: {
        ...client,
        listEvents: (query, begin, signal) =>
          client.listEvents(
            query,
            () => {
              const visitor = begin();
              return {
                ...visitor,
                record: (one) => (one.id === 9 ? visitor.odd('event 9: time') : visitor.record(one)),
              };
            },
            signal,
          ),
      },
    });
    await stage.time.advance(MINUTE);
    expect(inventory.state().followsEvents).to.equal(true);
    expect(fullReadings()).to.equal(1);
  });

  it('asks for events a second after it asked last, also when they came after 0.9 s', async () => {
    await follow();
    stage.client.before = (method, signal) => {
      if (method !== 'events') return Promise.resolve();
      const gate = createGate();
      stage.time.after(900, gate.open);
      return gate.pass(signal);
    };
    const { length } = stage.client.calls.events;
    for (let n = 0; n < 100; n += 1) await stage.time.advance(SECOND / 10);
    expect(stage.client.calls.events.length - length).to.be.within(9, 11);
    stage.mendEngine();
    await stage.time.advance(SECOND);
  });

  it('asks for no events with an interval of 0', async () => {
    await follow({ eventInterval: 0 });
    await stage.time.advance(2 * MINUTE);
    expect([stage.client.calls.events, fullReadings()]).to.deep.equal([[], 5]);
  });

  it('begins and ceases to ask for events when its settings change, and keeps its snapshot', async () => {
    const settings = inventorySection.parse({ eventInterval: '0s', maxStaleness: '24h' });
    const inventory = await follow(settings);
    inventory.configure({ ...settings, eventInterval: SECOND });
    expect(inventory.current().hosts).to.have.length(2);
    await stage.time.advance(3 * SECOND);
    expect([stage.client.calls.events.length, fullReadings()]).to.deep.equal([5, 2]);
    inventory.configure(settings);
    expect(inventory.current().hosts).to.have.length(2);
    await stage.time.advance(29 * SECOND);
    expect([stage.client.calls.events.length, fullReadings()]).to.deep.equal([5, 3]);
    inventory.configure({ ...settings, maxStaleness: 6 * SECOND, refreshInterval: MINUTE });
    await stage.time.advance(6 * SECOND + 1);
    expect(() => inventory.current()).to.throw(/may be 6.0 s old at most/);
  });

  describe('the full reading every 10 min', () => {
    it('heals what events missed, and says how much that was', async () => {
      const inventory = await follow();
      stage.client.vms = [scriptedVm(1, { hostId: HOST_2 }), scriptedVm(2)];
      stage.client.hosts = [scriptedHost({ memory: { totalMiB: 1, freeMiB: 1, schedulableMiB: 1 } })];
      await stage.time.advance(10 * MINUTE - SECOND);
      expect(fullReadings()).to.equal(1);
      await stage.time.advance(2 * SECOND);
      expect(fullReadings()).to.equal(2);
      expect(inventory.current().hosts).to.have.length(1);
      expect(inventory.current().vm(vmId(1))?.hostId).to.equal(HOST_2);
      // A host left and two VMs came or moved; no event tells of memory.
      expect(healed).to.deep.equal([{ hosts: 1, vms: 2 }]);
    });

    it('does not count as healed what an event tells of just after it', async () => {
      await follow();
      await stage.time.advance(10 * MINUTE - SECOND / 2);
      stage.client.vms = [scriptedVm(1, { hostId: HOST_2 })];
      happens(11);
      await stage.time.advance(SECOND);
      expect(healed).to.deep.equal([{ hosts: 0, vms: 0 }]);
    });

    it('lets events be counted meanwhile, and reads what they name again afterwards', async () => {
      const inventory = await follow();
      await stage.time.advance(10 * MINUTE - 5 * SECOND);
      const gate = createGate();
      const old = stage.client.vms;
      stage.client.before = (method, signal) => (method === 'vms' ? gate.pass(signal) : Promise.resolve());
      await stage.time.advance(10 * SECOND);
      expect(fullReadings()).to.equal(2);
      stage.client.vms = [scriptedVm(1, { hostId: HOST_2 })];
      happens(11);
      await stage.time.advance(SECOND);
      expect(inventory.current().vm(vmId(1))?.hostId).to.equal(HOST_2);
      expect(stage.client.calls.vm).to.have.length(1);
      // The listing was written before the VM moved.
      const now = stage.client.vms;
      stage.client.vms = old;
      gate.open();
      await settle();
      stage.client.vms = now;
      expect(inventory.current().vm(vmId(1))?.hostId).to.equal(HOST_2);
      await stage.time.advance(0);
      expect(stage.client.calls.vm).to.have.length(2);
      expect(inventory.current().vm(vmId(1))?.hostId).to.equal(HOST_2);
      await stage.time.advance(SECOND);
      expect(healed).to.deep.equal([{ hosts: 0, vms: 0 }]);
    });

    it('keeps what a VM shows meanwhile when it is read again for an event from before', async () => {
      const inventory = await follow();
      await stage.time.advance(2 * SECOND);
      happens(11);
      await stage.time.advance(SECOND);
      const [old, gate] = [stage.client.vms, createGate()];
      stage.client.before = (method, signal) => (method === 'vms' ? gate.pass(signal) : Promise.resolve());
      void inventory.refreshed([vmId(99)], engineCall()).catch(() => undefined);
      await settle();
      expect(fullReadings()).to.equal(2);
      stage.client.vms = [];
      await stage.time.advance(SECOND);
      expect(inventory.state().vms).to.equal(0);
      // The listing was written before the VM stopped.
      stage.client.vms = old;
      gate.open();
      await settle();
      stage.client.vms = [];
      await stage.time.advance(MINUTE);
      expect(inventory.state().vms).to.equal(0);
    });

    it('begins with the newest events again when they were given up meanwhile, as once before it', async () => {
      const inventory = await follow();
      const restored = async () => {
        stage.client.events = [event(stage.client.calls.events.length)];
        await stage.time.advance(SECOND);
        await stage.time.advance(0);
      };
      await restored();
      await stage.time.advance(10 * SECOND);
      const gate = createGate();
      stage.client.before = (method, signal) => (method === 'vms' ? gate.pass(signal) : Promise.resolve());
      void inventory.refreshed([vmId(99)], engineCall()).catch(() => undefined);
      await stage.time.advance(25 * SECOND);
      await restored();
      const begun = () => stage.client.calls.events.filter((query) => query === 'newest').length;
      expect([begun(), fullReadings()]).to.deep.equal([2, 3]);
      gate.open();
      for (let turn = 0; turn < 3; turn += 1) await stage.time.advance(0);
      expect([begun(), fullReadings()]).to.deep.equal([3, 4]);
    });

    it('keeps what events tell of during a second full reading, which began before the first was compared with them', async () => {
      const inventory = await follow();
      await stage.time.advance(10 * MINUTE - SECOND / 2);
      const [lists, reads] = [createGate(), createGate()];
      // The poll after the first one is slow, so that the other begins before it ends.
      stage.client.before = (method, signal) =>
        method === 'events' && fullReadings() === 2 ? reads.pass(signal) : Promise.resolve();
      await stage.time.advance(2 * SECOND);
      expect(fullReadings()).to.equal(2);
      stage.client.before = (method, signal) => (method === 'vms' ? lists.pass(signal) : Promise.resolve());
      void inventory.refreshed([vmId(99)], engineCall(Infinity)).catch(() => undefined);
      await settle();
      expect(fullReadings()).to.equal(3);
      reads.open();
      await settle();
      const old = stage.client.vms;
      stage.client.vms = [scriptedVm(1, { hostId: HOST_2 })];
      happens(11);
      await stage.time.advance(SECOND);
      const now = stage.client.vms;
      stage.client.vms = old;
      lists.open();
      await settle();
      stage.client.vms = now;
      await stage.time.advance(5 * SECOND);
      expect(inventory.current().vm(vmId(1))?.hostId).to.equal(HOST_2);
    });

    it('tells of each snapshot by a delta that leads from the one before to it', async () => {
      await follow();
      for (const hostId of [HOST_2, HOST, HOST_2]) {
        stage.client.vms = [scriptedVm(1, { hostId }), scriptedVm(2)];
        happens(20 + updates.length);
        await stage.time.advance(SECOND);
      }
      await stage.time.advance(10 * MINUTE);
      expect(updates.filter(({ delta }) => delta === undefined)).to.have.length(1);
      const shown = ({ time, eventId, hosts }: Snapshot) => ({ time, eventId, hosts });
      updates.reduce((before, after) => {
        if (after.delta === undefined) throw new Error('a snapshot without what led to it');
        expect(shown(applyDelta(before.snapshot, after.delta))).to.deep.equal(shown(after.snapshot));
        return after;
      });
    });
  });

  describe('what no event tells of', () => {
    const withFree = (freeMiB: number) => [
      scriptedHost({ memory: { totalMiB: 8192, freeMiB, schedulableMiB: 4096 } }),
    ];

    it('reads the memory of every host anew in 30 s while a unit needs it, and not before, nor 10 min later', async () => {
      stage.client.hosts = withFree(100);
      const inventory = await follow();
      await stage.time.advance(MINUTE);
      expect(stage.client.calls.host).to.deep.equal([]);
      expect(stage.time.clock.now() - inventory.current().memoryTime).to.equal(MINUTE);
      inventory.use('hostMemory');
      stage.client.hosts = withFree(200);
      await stage.time.advance(31 * SECOND);
      expect(inventory.current().host(HOST)?.memory.freeMiB).to.equal(200);
      expect(stage.time.clock.now() - inventory.current().memoryTime).to.be.at.most(31 * SECOND);
      await stage.time.advance(10 * MINUTE);
      const { hosts } = stage.client.calls;
      // Two full readings, and 10 min / 30 s.
      expect(hosts).to.be.within(2 + 18, 2 + 22);
      await stage.time.advance(5 * MINUTE);
      expect(stage.client.calls.hosts).to.equal(hosts);
      expect(stage.client.calls.host).to.deep.equal([]);
    });

    it('reads the memory of 10,000 hosts in one request, for which events do not wait', async () => {
      stage.client.hosts = Array.from({ length: 10_000 }, (_, n) =>
        scriptedHost({ id: HOST.replace(/.{5}$/, String(10_000 + n)), name: `H${n}` }),
      );
      const inventory = await follow();
      const last = stage.client.hosts.at(-1)?.id ?? '';
      const gate = createGate();
      stage.client.before = (method, signal) => (method === 'hosts' ? gate.pass(signal) : Promise.resolve());
      inventory.use('hostMemory');
      await stage.time.advance(30 * SECOND);
      const memory = { totalMiB: 8192, freeMiB: 7, schedulableMiB: 4096 };
      stage.client.hosts = stage.client.hosts.map((host) => ({ ...host, memory }));
      stage.client.vms = [scriptedVm(1, { hostId: last })];
      happens(11);
      await stage.time.advance(SECOND);
      expect(inventory.current().vm(vmId(1))?.hostId).to.equal(last);
      gate.open();
      await stage.time.advance(SECOND);
      await stage.time.advance(SECOND);
      expect(inventory.current().hosts.filter((host) => host.memory.freeMiB === 7)).to.have.length(10_000);
      expect(stage.client.calls).to.deep.include({ hosts: 2, host: [] });
    });

    it('takes of them the memory alone: what an event told of since then stays', async () => {
      const inventory = await follow();
      const gate = createGate();
      stage.client.before = (method, signal) => (method === 'hosts' ? gate.pass(signal) : Promise.resolve());
      inventory.use('hostMemory');
      await stage.time.advance(30 * SECOND);
      const memory = { totalMiB: 8192, freeMiB: 7, schedulableMiB: 4096 };
      stage.client.hosts = [scriptedHost({ memory }), scriptedHost({ id: HOST_2, name: 'H2', memory })];
      gate.open();
      await settle();
      stage.client.hosts = [scriptedHost({ status: 'maintenance' })];
      happens(11, { code: 15, kind: 'host', objectId: HOST });
      happens(12, { code: 44, kind: 'host', objectId: HOST_2 });
      await stage.time.advance(SECOND);
      const { hosts } = inventory.current();
      expect(hosts.map(({ id, status, memory }) => [id, status, memory.freeMiB])).to.deep.equal([
        [HOST, 'maintenance', 7],
      ]);
    });

    it('drops the memory that was read before a full reading, which has it too', async () => {
      const inventory = await follow();
      await stage.time.advance(10 * MINUTE - 5 * SECOND);
      const gate = createGate();
      stage.client.before = (method, signal) => (method === 'hosts' ? gate.pass(signal) : Promise.resolve());
      inventory.use('hostMemory');
      await stage.time.advance(2 * SECOND);
      stage.mendEngine();
      stage.client.hosts = withFree(200);
      await stage.time.advance(5 * SECOND);
      expect(inventory.current().host(HOST)?.memory.freeMiB).to.equal(200);
      stage.client.hosts = withFree(100);
      gate.open();
      await settle();
      stage.client.hosts = withFree(200);
      await stage.time.advance(2 * SECOND);
      expect(inventory.current().host(HOST)?.memory.freeMiB).to.equal(200);
    });

    it('reads the memory again after 30 s when it could not be read, says so, and goes on following', async () => {
      const inventory = await follow();
      stage.client.before = (method) =>
        method === 'hosts' ? Promise.reject(new Error('cut')) : Promise.resolve();
      inventory.use('hostMemory');
      await stage.time.advance(31 * SECOND);
      expect(warnings('host memory not read')).to.have.length(1);
      stage.mendEngine();
      stage.client.hosts = withFree(200);
      await stage.time.advance(31 * SECOND);
      expect(inventory.current().host(HOST)?.memory.freeMiB).to.equal(200);
      expect(inventory.state().followsEvents).to.equal(true);
      expect(fullReadings()).to.equal(1);
    });

    for (const inUse of [true, false]) {
      it(`reads a VM once more a minute after its event, ${inUse ? 'while' : 'but not unless'} a unit needs the guest's report`, async () => {
        const inventory = await follow();
        if (inUse) inventory.use('guestReports');
        stage.client.vms = [scriptedVm(1, { name: 'renamed' })];
        happens(11);
        await stage.time.advance(SECOND);
        const guest = { distribution: 'Rocky Linux', version: '9.4' };
        stage.client.vms = [scriptedVm(1, { guest })];
        await stage.time.advance(MINUTE - 2 * SECOND);
        expect(stage.client.calls.vm).to.have.length(1);
        await stage.time.advance(2 * SECOND);
        expect(stage.client.calls.vm).to.have.length(inUse ? 2 : 1);
        const os = inventory.current().vm(vmId(1))?.os.guest.type;
        expect(os).to.equal(inUse ? 'Rocky Linux' : 'rhel');
      });
    }
  });

  describe('VMs that a look-up sees after an answer to an engine', () => {
    const [STOPPED, STARTED] = [
      { hostId: undefined, status: 'down' },
      { hostId: HOST_2, status: 'up' },
    ];

    it('count there until they are read with the events, also when a poll ends that had begun before', async () => {
      stage.client.vms = [scriptedVm(1), scriptedVm(2, STOPPED)];
      const inventory = await follow();
      const counted = () => inventory.withReservations(inventory.current()).snapshot.vm(vmId(2))?.hostId;
      await stage.time.advance(0);
      inventory.followCall(vmId(2), 'r')?.(HOST);
      await settle();
      expect(counted()).to.equal(HOST);
      const [lookUp, poll] = [createGate(), createGate()];
      stage.client.before = (method, signal) =>
        (method === 'vm' ? lookUp : method === 'host' ? poll : undefined)?.pass(signal) ?? Promise.resolve();
      stage.client.vms = [scriptedVm(1), scriptedVm(2, STARTED)];
      happens(11, { kind: 'host', objectId: HOST });
      await stage.time.advance(SECOND);
      lookUp.open();
      await settle();
      expect(counted()).to.equal(HOST_2);
      poll.open();
      await settle();
      expect([inventory.current().vm(vmId(2)), counted()]).to.deep.equal([undefined, HOST_2]);
      await stage.time.advance(SECOND);
      expect(inventory.current().vm(vmId(2))?.hostId).to.equal(HOST_2);
    });

    it(`do not let more than ${MAX_CHANGED} objects be read one by one`, async () => {
      const others = Array.from({ length: MAX_CHANGED }, (_, n) => scriptedVm(n));
      const last = MAX_CHANGED;
      stage.client.vms = [...others, scriptedVm(last, STOPPED)];
      const inventory = await follow();
      await stage.time.advance(0);
      inventory.followCall(vmId(last), 'r')?.(HOST);
      await settle();
      stage.client.vms = [...others, scriptedVm(last)];
      await stage.time.advance(SECOND / 2);
      others.forEach(({ id }, n) => happens(20 + n, { objectId: id }));
      await stage.time.advance(SECOND / 2);
      expect([stage.client.calls.vm.length, fullReadings()]).to.deep.equal([2, 2]);
    });
  });

  it('ends a poll when it is closed, and asks no more', async () => {
    const inventory = await follow();
    stage.client.before = (_method, signal) => createGate().pass(signal);
    await stage.time.advance(SECOND);
    expect(await codeOf(inventory.close())).to.equal('OK');
  });
});
