import { expect } from 'chai';
import { SchedulingError } from '../../src/domain/errors.js';
import { CLUSTER_ID, createWorld, type World } from '../../src/simulator/world.js';

const HOST_1 = '00000000-0000-4000-8000-0000000000a1';
const HOST_2 = '00000000-0000-4000-8000-0000000000a2';
const VM = '00000000-0000-4000-8000-0000000000b1';
const UNKNOWN = '00000000-0000-4000-8000-0000000000ff';

function smallWorld(): World {
  return createWorld({
    hosts: [
      { id: HOST_1, name: 'alpha' },
      { id: HOST_2, name: 'beta' },
      { name: 'gamma', status: 'maintenance' },
    ],
    vms: [{ id: VM, name: 'web', memory: 1024 }],
    clock: { now: () => 1_000 },
  });
}

const eventsOf = (world: World) =>
  world.events.after(0).map(({ id, name, vm, host }) => [id, name, vm?.name, host?.name]);

describe('createWorld', () => {
  it('begins without events, and fills in what is left out', () => {
    const world = smallWorld();
    expect(world.events.after(0)).to.deep.equal([]);
    expect(world.vms.get(VM)).to.include({ status: 'down', hostId: undefined, osType: 'rhel_9x64' });
    expect(world.hostsByName().map(({ name }) => name)).to.deep.equal(['alpha', 'beta', 'gamma']);
  });

  it('starts, migrates and stops a VM, each with the events of a real engine, newest first', () => {
    const world = smallWorld();
    world.startVm(VM, HOST_1);
    expect(world.vms.get(VM)).to.include({ status: 'up', hostId: HOST_1, startTime: 1_000 });
    expect(world.loadOf(HOST_1)).to.deep.equal({ vms: 1, upVms: 1, memory: 1024 });
    world.migrateVm(VM, HOST_2);
    expect(world.vms.get(VM)).to.include({ status: 'up', hostId: HOST_2 });
    expect([world.loadOf(HOST_1).vms, world.loadOf(HOST_2).vms]).to.deep.equal([0, 1]);
    world.stopVm(VM);
    expect(world.vms.get(VM)).to.include({ status: 'down', hostId: undefined, stopTime: 1_000 });
    expect(world.loadOf(HOST_2)).to.deep.equal({ vms: 0, upVms: 0, memory: 0 });
    expect(eventsOf(world)).to.deep.equal([
      [6, 'VM_DOWN', 'web', 'beta'],
      [5, 'USER_STOP_VM', 'web', 'beta'],
      [4, 'VM_MIGRATION_DONE', 'web', 'alpha'],
      [3, 'VM_MIGRATION_START', 'web', 'alpha'],
      [2, 'USER_RUN_VM', 'web', 'alpha'],
      [1, 'USER_STARTED_VM', 'web', 'alpha'],
    ]);
  });

  it('adds and removes hosts and VMs, and changes the status of hosts', () => {
    const world = smallWorld();
    const host = world.addHost({ name: 'aaa' });
    const vm = world.addVm({ name: 'app', hostId: host.id });
    expect(world.hostsByName()[0]).to.equal(host);
    expect(world.vmsByName().map(({ name }) => name)).to.deep.equal(['app', 'web']);
    world.setHostStatus(host.id, 'non_responsive');
    expect(world.hosts.get(host.id)?.status).to.equal('non_responsive');
    expect(world.hostsByName()[0]?.status).to.equal('non_responsive');
    world.stopVm(vm.id);
    world.removeVm(vm.id);
    world.removeHost(host.id);
    expect([world.vms.size, world.hosts.size]).to.deep.equal([1, 3]);
    expect(world.events.after(0).map(({ name }) => name)).to.deep.equal([
      'USER_REMOVE_VDS',
      'USER_REMOVE_VM_FINISHED',
      'VM_DOWN',
      'USER_STOP_VM',
      'VDS_FAILURE',
      'USER_ADD_VM_FINISHED_SUCCESS',
      'VDS_DETECTED',
      'VDS_INSTALL',
      'USER_ADD_VDS',
    ]);
  });

  it('migrates a VM in two steps: between them it runs at its source, and the end may be a failure', () => {
    const world = smallWorld();
    world.startVm(VM, HOST_1);
    world.startMigration(VM, HOST_2);
    expect(world.vms.get(VM)).to.include({ status: 'migrating', hostId: HOST_1 });
    expect(world.loadOf(HOST_1)).to.include({ vms: 1, upVms: 0 });
    world.failMigration(VM);
    expect(world.vms.get(VM)).to.include({ status: 'up', hostId: HOST_1 });
    world.startMigration(VM, HOST_2);
    world.finishMigration(VM);
    expect(world.vms.get(VM)).to.include({ status: 'up', hostId: HOST_2 });
    expect(eventsOf(world).slice(0, 4)).to.deep.equal([
      [6, 'VM_MIGRATION_DONE', 'web', 'alpha'],
      [5, 'VM_MIGRATION_START', 'web', 'alpha'],
      [4, 'VM_MIGRATION_FAILED', 'web', 'alpha'],
      [3, 'VM_MIGRATION_START', 'web', 'alpha'],
    ]);
  });

  it('forgets a migration of a VM that stops', () => {
    const world = smallWorld();
    world.startVm(VM, HOST_1);
    world.startMigration(VM, HOST_2);
    world.stopVm(VM);
    world.startVm(VM, HOST_1);
    expect(() => world.finishMigration(VM)).to.throw(SchedulingError, /does not migrate/);
  });

  it('pauses, resumes and updates, each with its events', () => {
    const world = smallWorld();
    world.startVm(VM, HOST_1);
    world.pauseVm(VM);
    expect(world.vms.get(VM)).to.include({ status: 'paused', hostId: HOST_1 });
    world.resumeVm(VM);
    expect(world.vms.get(VM)?.status).to.equal('up');
    world.updateVm(VM, { name: 'shop', memory: 2048 });
    expect(world.vms.get(VM)).to.include({ name: 'shop', memory: 2048, status: 'up' });
    expect(world.loadOf(HOST_1).memory).to.equal(2048);
    world.updateHost(HOST_1, { name: 'zeta' });
    expect(world.hostsByName().map(({ name }) => name)).to.deep.equal(['beta', 'gamma', 'zeta']);
    expect(eventsOf(world).slice(0, 4)).to.deep.equal([
      [6, 'USER_UPDATE_VDS', undefined, 'zeta'],
      [5, 'USER_UPDATE_VM', 'shop', undefined],
      [4, 'USER_RESUME_VM', 'web', 'alpha'],
      [3, 'VM_PAUSED', 'web', 'alpha'],
    ]);
  });

  it('writes no events when a guest reports, and when memory of a host comes into use', () => {
    const world = smallWorld();
    world.startVm(VM, HOST_1);
    const before = world.events.after(0);
    const guestOs = {
      family: 'Windows',
      distribution: '',
      version: '10.0',
      codename: 'x',
      kernel: '',
    } as const;
    world.reportGuestOs(VM, guestOs);
    world.reportUsedMemory(HOST_1, 77);
    expect(world.vms.get(VM)?.guestOs).to.equal(guestOs);
    expect(world.hosts.get(HOST_1)?.usedMemory).to.equal(77);
    expect(world.events.after(0)).to.deep.equal(before);
  });

  it('leaves a listing that was taken before a change as it was', () => {
    const world = smallWorld();
    const before = world.vmsByName();
    world.startVm(VM, HOST_1);
    expect(before[0]?.hostId).to.equal(undefined);
    expect(world.vmsByName()[0]?.hostId).to.equal(HOST_1);
  });

  it('puts all into one cluster unless told another, and a VM into that of its host', () => {
    const other = 'c0000000-0000-4000-8000-000000000002';
    const world = smallWorld();
    const host = world.addHost({ clusterId: other });
    const clusters = () => [
      world.vms.get(VM)?.clusterId,
      world.vms.get(world.addVm({ hostId: host.id }).id)?.clusterId,
    ];
    expect(world.hostsByName().map(({ clusterId }) => clusterId)).to.deep.equal([
      CLUSTER_ID,
      CLUSTER_ID,
      CLUSTER_ID,
      other,
    ]);
    expect(clusters()).to.deep.equal([CLUSTER_ID, other]);
    world.startVm(VM, HOST_1);
    world.migrateVm(VM, host.id);
    expect(clusters()).to.deep.equal([other, other]);
    world.stopVm(VM);
    expect(clusters()).to.deep.equal([other, other]);
  });

  const running = (world: World) => world.startVm(VM, HOST_1);
  const refusals: readonly {
    readonly what: string;
    readonly prepare?: (world: World) => void;
    readonly act: (world: World) => unknown;
    readonly code: string;
    readonly message: RegExp;
  }[] = [
    {
      what: 'starting an unknown VM',
      act: (world) => world.startVm(UNKNOWN, HOST_1),
      code: 'NOT_FOUND',
      message: /no VM ".*ff"/,
    },
    {
      what: 'starting on an unknown host',
      act: (world) => world.startVm(VM, UNKNOWN),
      code: 'NOT_FOUND',
      message: /no host ".*ff"/,
    },
    {
      what: 'starting on a host in maintenance',
      act: (world) => world.startVm(VM, world.hostsByName()[2]?.id ?? ''),
      code: 'INVALID_ARGUMENT',
      message: /gamma is maintenance/,
    },
    {
      what: 'starting a VM that runs',
      prepare: running,
      act: (world) => world.startVm(VM, HOST_2),
      code: 'INVALID_ARGUMENT',
      message: /web runs already/,
    },
    {
      what: 'stopping a VM that is down',
      act: (world) => world.stopVm(VM),
      code: 'INVALID_ARGUMENT',
      message: /does not run/,
    },
    {
      what: 'migrating a VM that is down',
      act: (world) => world.migrateVm(VM, HOST_2),
      code: 'INVALID_ARGUMENT',
      message: /does not run/,
    },
    {
      what: 'migrating a VM to where it runs',
      prepare: running,
      act: (world) => world.migrateVm(VM, HOST_1),
      code: 'INVALID_ARGUMENT',
      message: /runs on host alpha already/,
    },
    {
      what: 'pausing a VM that is down',
      act: (world) => world.pauseVm(VM),
      code: 'INVALID_ARGUMENT',
      message: /does not run/,
    },
    {
      what: 'resuming a VM that is up',
      prepare: running,
      act: (world) => world.resumeVm(VM),
      code: 'INVALID_ARGUMENT',
      message: /is up, not paused/,
    },
    {
      what: 'migrating a VM that migrates',
      prepare(world) {
        running(world);
        world.startMigration(VM, HOST_2);
      },
      act: (world) => world.migrateVm(VM, HOST_2),
      code: 'INVALID_ARGUMENT',
      message: /migrates already/,
    },
    {
      what: 'ending a migration of a VM that does not migrate',
      prepare: running,
      act: (world) => world.failMigration(VM),
      code: 'INVALID_ARGUMENT',
      message: /does not migrate/,
    },
    {
      what: 'removing a VM that runs',
      prepare: running,
      act: (world) => world.removeVm(VM),
      code: 'INVALID_ARGUMENT',
      message: /stop it first/,
    },
    {
      what: 'adding a VM twice',
      act: (world) => world.addVm({ id: VM }),
      code: 'INVALID_ARGUMENT',
      message: /already/,
    },
    {
      what: 'adding a host twice',
      act: (world) => world.addHost({ id: HOST_1 }),
      code: 'INVALID_ARGUMENT',
      message: /already/,
    },
  ];
  for (const { what, prepare, act, code, message } of refusals) {
    it(`refuses ${what}, and changes nothing`, () => {
      const world = smallWorld();
      prepare?.(world);
      const before = [world.vmsByName(), world.hostsByName(), world.events.after(0)];
      expect(() => act(world))
        .to.throw(SchedulingError, message)
        .with.property('code', code);
      expect([world.vmsByName(), world.hostsByName(), world.events.after(0)]).to.deep.equal(before);
    });
  }

  it('stops a VM whose host is gone', () => {
    const world = smallWorld();
    world.startVm(VM, HOST_1);
    world.removeHost(HOST_1);
    world.stopVm(VM);
    expect(world.vms.get(VM)?.hostId).to.equal(undefined);
  });
});
