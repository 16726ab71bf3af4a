import { expect } from 'chai';
import fc from 'fast-check';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { InventoryService } from '../../src/domain/inventory.js';
import { SchedulingError } from '../../src/domain/errors.js';
import { diffSnapshots } from '../../src/domain/snapshot-delta.js';
import type { HostRecord, Snapshot, UnannouncedData, Vm } from '../../src/domain/snapshot.js';
import { buildSnapshot } from '../../src/domain/snapshot.js';
import { USE_TIME } from '../../src/inventory/event-follower.js';
import { createFeed, type WritableFeed } from '../../src/inventory/feed.js';
import {
  createReplica,
  type Replica,
  type ReplicaOptions,
  type TakenStep,
} from '../../src/inventory/replica.js';
import { createReservations, type Reservations } from '../../src/inventory/reservations.js';
import { createInventoryService } from '../../src/inventory/service.js';
import { nodeAfter } from '../../src/lib/timers.js';
import { createRpcClient } from '../../src/rpc/client.js';
import { startRpcServer, type RpcServer } from '../../src/rpc/server.js';
import { fakeService } from '../rpc/loopback.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { serverSettings } from '../support/server-settings.js';
import { until } from '../support/until.js';
import { host, hostId, vm, vmId } from '../support/world.js';

const SETTINGS = { maxStaleness: 60_000, lookupTimeout: 1000 };

/** A service whose inventory is what a test says. */
interface Reader {
  readonly server: RpcServer;
  readonly feed: WritableFeed;
  readonly reservations: Reservations;
  /** What was said to be in use, each time. */
  readonly uses: UnannouncedData[];
  readonly snapshot: () => Snapshot;
  readonly publish: (hosts: readonly HostRecord[], vms: readonly Vm[], ageMs?: number) => void;
}

describe('createReplica', () => {
  let closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    closers = [];
  });

  /** Listens on a port, a free one by default. */
  async function startReader(
    hosts: readonly HostRecord[],
    vms: readonly Vm[],
    { port = 0, stopped = [] }: { readonly port?: number; readonly stopped?: readonly Vm[] } = {},
  ): Promise<Reader> {
    let newest: Snapshot | undefined;
    const uses: UnannouncedData[] = [];
    const current = () => {
      if (newest !== undefined) return newest;
      throw new SchedulingError('UNAVAILABLE', 'nothing was read yet');
    };
    const reservations: Reservations = createReservations({
      ...{ clock: Date, steady: performance },
      onPredictionEnd: () => undefined,
      onChange: (id, kept) => feed.reserved(id, kept),
    });
    const feed = createFeed({
      ...{ current, listReservations: reservations.list, steady: performance },
      use: (data) => uses.push(data),
    });
    const publish: Reader['publish'] = (nextHosts, nextVms, ageMs = 0) => {
      const before = newest;
      newest = buildSnapshot(Date.now() - ageMs, nextHosts, nextVms);
      feed.update({
        snapshot: newest,
        delta: before && diffSnapshots(before, newest),
        began: performance.now() - ageMs,
      });
    };
    publish(hosts, vms);
    const inventory = {
      current,
      refreshed: () => Promise.resolve({ snapshot: current(), looked: true }),
      findVm: (id: string) => Promise.resolve(stopped.find((one) => one.id === id)),
    };
    const server = await startRpcServer({
      service: fakeService(),
      inventory: createInventoryService({ inventory, reservations }),
      feed: () => feed,
      settings: serverSettings({ listen: { host: '127.0.0.1', port } }),
      log: memoryLog(),
    });
    closers.push(() => server.close(0));
    return { server, feed, reservations, uses, snapshot: current, publish };
  }

  function startReplica(
    target: string,
    options: Partial<ReplicaOptions> = {},
  ): Replica & { readonly steps: TakenStep[] } {
    const client = createRpcClient({ target });
    const steps: TakenStep[] = [];
    const replica = createReplica({
      ...{ settings: SETTINGS, reader: client, log: memoryLog() },
      onStep: (one) => steps.push(one),
      ...options,
    });
    closers.push(async () => {
      await replica.close();
      client.close();
    });
    replica.start();
    return { ...replica, steps };
  }

  /** Waits until a replica has what its reader has. */
  async function caughtUp(replica: Replica, { snapshot }: Reader): Promise<void> {
    await replica.ready().catch(() => undefined);
    await until(
      () => replica.state().snapshotTime !== undefined && isSame(replica.current(), snapshot()),
      (same) => same,
    );
  }

  const began = ({ steps }: { readonly steps: readonly TakenStep[] }) =>
    steps.flatMap((step) => step.began ?? []);

  const HOSTS = [1, 2, 3].map((n) => host(n));
  const VMS = [1, 2, 3, 4].map((n) => vm(n, 'rhel_9x64', { on: 1 + (n % 3) }));

  it('equals its reader after each of any changes, the VMs of 1,200 in three parts included', async () => {
    const many = Array.from({ length: 1200 }, (_, n) => vm(100 + n, 'other_linux', { on: 2 }));
    const reader = await startReader(HOSTS, [...VMS, ...many]);
    const replica = startReplica(reader.server.address);
    await caughtUp(replica, reader);
    const anyVms = fc.uniqueArray(
      fc.record({
        n: fc.integer({ min: 1, max: 9 }),
        on: fc.constantFrom(1, 2, 3, 4, 5),
        os: fc.constantFrom('rhel_8x64', 'windows_2022', undefined),
        guest: fc.constantFrom(undefined, { distribution: 'Fedora', version: undefined }),
        memoryMiB: fc.constantFrom(0, 1024, undefined),
        status: fc.constantFrom('up', undefined),
        migratable: fc.boolean(),
      }),
      { selector: ({ n }) => n },
    );
    const anyHosts = fc.uniqueArray(
      fc.record({ n: fc.integer({ min: 1, max: 5 }), free: fc.constantFrom(undefined, 0, 7) }),
      { selector: ({ n }) => n },
    );
    await fc.assert(
      fc.asyncProperty(anyHosts, anyVms, async (hosts, vms) => {
        reader.publish(
          hosts.map(({ n, free }) => host(n, 'up', { freeMiB: free })),
          vms.map(({ n, os, guest, ...rest }) => vm(n, os, guest === undefined ? rest : { ...rest, guest })),
        );
        await caughtUp(replica, reader);
      }),
      { numRuns: 100 },
    );
    expect(began(replica)).to.deep.equal(['whole']);
  }).timeout(20_000);

  it('goes on where it was after a broken connection', async () => {
    const reader = await startReader(HOSTS, VMS);
    const wire = await startWire(reader.server.port);
    closers.push(wire.close);
    const replica = startReplica(wire.target);
    await caughtUp(replica, reader);
    wire.cut();
    reader.publish(HOSTS.slice(1), VMS.slice(1));
    reader.publish(HOSTS.slice(1), VMS.slice(2));
    await caughtUp(replica, reader);
    expect(began(replica)).to.deep.equal(['whole', 'resumed']);
  });

  it('tells its reader what is used of what no event tells of, until 10 min after its last use', async () => {
    let now = 1000;
    const reader = await startReader(HOSTS, VMS);
    const replica = startReplica(reader.server.address, {
      settings: { ...SETTINGS, maxStaleness: 2 * USE_TIME },
      steady: { now: () => now },
    });
    const usesOfNextStep = async () => {
      reader.uses.length = 0;
      reader.publish(HOSTS, VMS);
      await caughtUp(replica, reader);
      return [...new Set(reader.uses)].join();
    };
    await caughtUp(replica, reader);
    expect(await usesOfNextStep()).to.equal('');
    replica.use('guestReports');
    await until(usesOfNextStep, (uses) => uses === 'guestReports');
    replica.use('hostMemory');
    await until(usesOfNextStep, (uses) => uses === 'hostMemory,guestReports');
    now += USE_TIME - 1;
    replica.use('hostMemory');
    expect(await usesOfNextStep()).to.equal('hostMemory,guestReports');
    now += 1;
    await until(usesOfNextStep, (uses) => uses === 'hostMemory');
    now += USE_TIME;
    await until(usesOfNextStep, (uses) => uses === '');
    expect(began(replica), 'no break').to.deep.equal(['whole']);
  });

  it('takes over everything from a reader that started anew', async () => {
    const reader = await startReader(HOSTS, VMS);
    const replica = startReplica(reader.server.address);
    await caughtUp(replica, reader);
    replica.use('hostMemory');
    reader.reservations.reserve({ vm: vm(1, undefined), hostId: hostId(2), hostName: 'h' }, 60_000);
    await until(
      () => replica.service.listReservations(call()),
      ({ length }) => length === 1,
    );
    await reader.server.close(0);
    const next = await startReader(HOSTS.slice(1), VMS.slice(1), { port: reader.server.port });
    await caughtUp(replica, next);
    expect(began(replica)).to.deep.equal(['whole', 'whole']);
    expect(next.uses).to.include('hostMemory');
    expect(await replica.service.listReservations(call())).to.deep.equal([]);
  });

  it('counts what is reserved at another replica, and lists it until it is released', async () => {
    const stopped = [vm(9, 'windows_2022', { status: 'down' })];
    const reader = await startReader(HOSTS, VMS, { stopped });
    const [here, there] = [startReplica(reader.server.address), startReplica(reader.server.address)];
    await Promise.all([caughtUp(here, reader), caughtUp(there, reader)]);
    const made = await here.service.reserve({ vmId: vmId(9), hostId: hostId(3), ttlMs: 60_000 }, call());
    const countOn3 = ({ current, withReservations }: Replica) =>
      withReservations(current()).snapshot.host(hostId(3))?.vms.length;
    expect(countOn3(here), 'at once where it was made').to.equal(2);
    expect(reader.reservations.list().map(({ vm: { id } }) => id)).to.deep.equal([vmId(9)]);
    await until(
      () => countOn3(there),
      (count) => count === 2,
    );
    expect(await there.service.listReservations(call())).to.deep.equal([made]);
    expect(there.withReservations(there.current(), vmId(9)).placements).to.deep.equal([]);
    expect(await there.service.release(vmId(9), call())).to.deep.equal(made);
    expect(countOn3(there)).to.equal(1);
    await until(
      () => countOn3(here),
      (count) => count === 1,
    );
    expect(reader.reservations.list()).to.deep.equal([]);
  });

  it('keeps a reservation of which it hears before the answer that an earlier one of the VM has ended', async () => {
    const reader = await startReader(HOSTS, VMS);
    const client = createRpcClient({ target: reader.server.address });
    closers.push(() => client.close());
    const replica = startReplica(reader.server.address, {
      reader: {
        ...client,
        async release(vmId, ofCall) {
          const ended = await client.release(vmId, ofCall);
          await client.reserve({ vmId, hostId: hostId(2), ttlMs: 90_000 }, ofCall);
          await until(
            () => replica.reservations.list().map((kept) => kept.hostId),
            ([here]) => here === hostId(2),
          );
          return ended;
        },
      },
    });
    await caughtUp(replica, reader);
    await replica.service.reserve({ vmId: vmId(1), hostId: hostId(1), ttlMs: 60_000 }, call());
    await replica.service.release(vmId(1), call());
    expect(replica.reservations.list().map((kept) => kept.hostId)).to.deep.equal([hostId(2)]);
  });

  it('reserves nothing in a dry run, and hands on what its reader says', async () => {
    const reader = await startReader(HOSTS, VMS);
    const replica = startReplica(reader.server.address);
    await caughtUp(replica, reader);
    const reserve = (request: Partial<Parameters<InventoryService['reserve']>[0]>, dryRun = false) =>
      replica.service.reserve(
        { vmId: vmId(1), hostId: hostId(1), ttlMs: 1000, ...request },
        call({ dryRun }),
      );
    await reserve({}, true);
    expect(reader.reservations.list()).to.deep.equal([]);
    for (const request of [{ vmId: vmId(77) }, { hostId: hostId(77) }]) {
      const thrown = await reserve(request).catch((error: unknown) => error);
      expect(thrown)
        .to.be.instanceOf(SchedulingError)
        .and.have.property('message')
        .which.includes('engine has no');
    }
  });

  it('asks its reader for a VM that is stopped, as it is there', async () => {
    const stopped = [
      vm(9, 'windows_2022', { status: 'down', guest: { distribution: 'Windows', version: '10' } }),
    ];
    const reader = await startReader(HOSTS, VMS, { stopped });
    const replica = startReplica(reader.server.address);
    await caughtUp(replica, reader);
    expect(await replica.findVm(vmId(9), call())).to.deep.equal(stopped[0]);
    expect(await replica.findVm(vmId(10), call())).to.equal(undefined);
  });

  it('knows that a host is unknown once a later step did not bring it', async () => {
    const reader = await startReader(HOSTS, VMS);
    const replica = startReplica(reader.server.address);
    await caughtUp(replica, reader);
    const look = () => replica.refreshed([hostId(7)], call({ deadline: Date.now() + 500 }));
    expect((await look()).looked).to.equal(false);
    reader.publish(HOSTS, VMS);
    await caughtUp(replica, reader);
    expect((await look()).looked).to.equal(true);
    const waiting = replica.refreshed([hostId(4)], call({ deadline: Date.now() + 20_000 }));
    reader.publish([...HOSTS, host(4)], VMS);
    expect((await waiting).snapshot.host(hostId(4))?.id).to.equal(hostId(4));
  });

  it('is followed by other replicas', async () => {
    const reader = await startReader(HOSTS, VMS);
    const first = startReplica(reader.server.address);
    await caughtUp(first, reader);
    const server = await startRpcServer({
      ...{ service: fakeService(), inventory: first.service, feed: () => first.feed },
      ...{ settings: serverSettings(), log: memoryLog() },
    });
    closers.push(() => server.close(0));
    const second = startReplica(server.address);
    await caughtUp(second, reader);
    reader.publish(HOSTS, VMS.slice(1));
    await caughtUp(second, reader);
    await second.service.reserve({ vmId: vmId(2), hostId: hostId(1), ttlMs: 60_000 }, call());
    expect(reader.reservations.list().map(({ vm: { id } }) => id)).to.deep.equal([vmId(2)]);
    second.use('hostMemory');
    const usesOfNextStep = () => {
      reader.publish(HOSTS, VMS);
      return reader.uses;
    };
    await until(usesOfNextStep, (uses) => uses.includes('hostMemory'));
    expect(began(second)).to.deep.equal(['whole']);
  });

  it('serves its last snapshot while the reader is away, as long as that is fresh enough', async () => {
    let now = 1000;
    const steady = { now: () => now };
    const reader = await startReader(HOSTS, VMS);
    const client = createRpcClient({ target: reader.server.address });
    const available: (boolean | string)[] = [];
    const replica = createReplica({
      ...{ settings: SETTINGS, reader: client, log: memoryLog(), steady, after: nodeAfter },
      onAvailability: (is, reason) => available.push(reason ?? is),
    });
    closers.push(async () => {
      await replica.close();
      client.close();
    });
    expect(() => replica.current()).to.throw(SchedulingError, 'the reader has sent no inventory yet');
    replica.start();
    await caughtUp(replica, reader);
    reader.publish(HOSTS, VMS, 50_000);
    await caughtUp(replica, reader);
    await reader.server.close(0);
    await until(
      () => replica.state().failures,
      (failures) => failures > 0,
    );
    now += 9000;
    expect(replica.current().hosts.length).to.equal(3);
    now += 2000;
    expect(() => replica.current()).to.throw(SchedulingError, 's old at most; the watch failed: ');
    expect(available).to.have.length(2);
    expect(available[0]).to.equal(true);
  });
});

function isSame(left: Snapshot, right: Snapshot): boolean {
  const { hosts, vms } = diffSnapshots(left, right);
  const changes = [hosts.changed, hosts.removed, vms.changed, vms.removed];
  return (
    changes.every(({ length }) => length === 0) &&
    (['time', 'memoryTime', 'eventId'] as const).every((key) => left[key] === right[key])
  );
}

/** A wire to a port, which can be cut. */
async function startWire(port: number) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => other.destroy());
      socket.pipe(other);
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}
