import { SchedulingError } from '../domain/errors.js';
import type { Clock } from '../lib/timers.js';
import { createEventLog, statusEvents, type EventLog } from './events.js';
import type { JsonObject } from './json.js';
import type { GuestReport } from './operating-systems.js';

/** A host of the pretend engine. Never changes; a change of the world puts another in its place. */
export interface WorldHost {
  /** UUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** The engine's word: `up`, `maintenance`, `non_responsive`, ... */
  readonly status: string;
  /** UUID in lower case; default {@link CLUSTER_ID}. */
  readonly clusterId: string;
  /** Bytes. */
  readonly memory: number;
  /** Bytes; absent: as much as its VMs have. */
  readonly usedMemory?: number;
  /** The object that a real engine sent, when the world is a recorded one. */
  readonly recorded?: JsonObject;
  /** The statistics that a real engine sent, when they were recorded. */
  readonly recordedStatistics?: JsonObject;
}

/** A VM of the pretend engine. Never changes; a change of the world puts another in its place. */
export interface WorldVm {
  /** UUID in lower case. */
  readonly id: string;
  readonly name: string;
  /** The engine's word: `up`, `down`, `paused`, ... */
  readonly status: string;
  /** That of its host while it runs. */
  readonly clusterId: string;
  /** Host on which it runs; undefined when it doesn't run. */
  readonly hostId: string | undefined;
  /** Host to which it is on its way while it migrates. */
  readonly migratesTo?: string | undefined;
  readonly osType: string;
  /** Report of the guest agent while the VM runs. */
  readonly guestOs: GuestReport | undefined;
  /** Bytes. */
  readonly memory: number;
  /** Right to migrate it: `migratable` (which stands for undefined), `user_migratable` or `pinned`. */
  readonly affinity?: string | undefined;
  /** When it was last started: milliseconds since the epoch. */
  readonly startTime: number | undefined;
  /** When it last stopped: milliseconds since the epoch. */
  readonly stopTime: number | undefined;
  /** The object that a real engine sent, when the world is a recorded one. */
  readonly recorded?: JsonObject;
}

/** A host to add: what is left out is filled in. */
export type NewHost = Partial<WorldHost>;

/** A VM to add: what is left out is filled in; with a host it runs, without one it is down. */
export type NewVm = Partial<WorldVm>;

/** Load of a host. */
export interface HostLoad {
  readonly vms: number;
  /** VMs that are up: not those that are starting, paused or migrating. */
  readonly upVms: number;
  /** Bytes. */
  readonly memory: number;
}

/** Objects that the pretend engine manages. Every change writes the events that a real engine writes for it. */
export interface World {
  readonly hosts: ReadonlyMap<string, WorldHost>;
  readonly vms: ReadonlyMap<string, WorldVm>;
  /** Returns every host as of now, ordered by name: the engine's default order. */
  readonly hostsByName: () => readonly WorldHost[];
  /** Returns every VM as of now, ordered by name: the engine's default order. */
  readonly vmsByName: () => readonly WorldVm[];
  readonly loadOf: (hostId: string) => HostLoad;
  readonly events: EventLog;
  /** Starts a VM that is down, on a host that is up. */
  readonly startVm: (vmId: string, hostId: string) => void;
  /** Stops a VM that runs. */
  readonly stopVm: (vmId: string) => void;
  readonly pauseVm: (vmId: string) => void;
  /** Lets a paused VM go on. */
  readonly resumeVm: (vmId: string) => void;
  /** Moves a running VM to another host that is up, in no time. */
  readonly migrateVm: (vmId: string, hostId: string) => void;
  /** Begins to move a running VM to another host that is up; until that ends it runs where it is. */
  readonly startMigration: (vmId: string, hostId: string) => void;
  /** Ends a migration: the VM runs at its target. */
  readonly finishMigration: (vmId: string) => void;
  /** Ends a migration: the VM stays where it was. */
  readonly failMigration: (vmId: string) => void;
  readonly updateVm: (vmId: string, change: Pick<NewVm, 'name' | 'memory' | 'osType'>) => void;
  /** Changes what the guest agent of a running VM says. No event tells of it. */
  readonly reportGuestOs: (vmId: string, guestOs: GuestReport | undefined) => void;
  readonly addHost: (host?: NewHost) => WorldHost;
  /** VMs that ran on it go on running there, as far as this world is concerned. */
  readonly removeHost: (hostId: string) => void;
  readonly setHostStatus: (hostId: string, status: string) => void;
  readonly updateHost: (hostId: string, change: Pick<NewHost, 'name'>) => void;
  /** Changes how much memory of a host is in use. No event tells of it. */
  readonly reportUsedMemory: (hostId: string, usedMemory: number) => void;
  readonly addVm: (vm?: NewVm) => WorldVm;
  readonly removeVm: (vmId: string) => void;
}

/** With what a world begins. */
export interface WorldOptions {
  readonly hosts?: Iterable<NewHost>;
  readonly vms?: Iterable<NewVm>;
  readonly clock?: Clock | undefined;
}

/** The cluster of hosts and VMs that are given no other. */
export const CLUSTER_ID = 'c0000000-0000-4000-8000-000000000001';

const GIB = 2 ** 30;

/**
 * Creates a world. What it begins with makes no events.
 *
 * Its methods throw a SchedulingError: NOT_FOUND for a host or VM that it lacks, INVALID_ARGUMENT for what can't be done.
 */
export function createWorld({ hosts = [], vms = [], clock = Date }: WorldOptions = {}): World {
  const hostsById = new Map<string, WorldHost>();
  const vmsById = new Map<string, WorldVm>();
  const loads = new Map<string, HostLoad>();
  const events = createEventLog(clock);
  const hostOrder = createNameOrder(hostsById);
  const vmOrder = createNameOrder(vmsById);

  function hostOf(id: string): WorldHost {
    const host = hostsById.get(id);
    if (host === undefined) throw new SchedulingError('NOT_FOUND', `there is no host ${JSON.stringify(id)}`);
    return host;
  }

  function vmOf(id: string): WorldVm {
    const vm = vmsById.get(id);
    if (vm === undefined) throw new SchedulingError('NOT_FOUND', `there is no VM ${JSON.stringify(id)}`);
    return vm;
  }

  function upHostOf(id: string): WorldHost {
    const host = hostOf(id);
    if (host.status !== 'up') throw impossible(`host ${host.name} is ${host.status}; name one that is up`);
    return host;
  }

  function runningVmOf(id: string): { readonly vm: WorldVm; readonly host: WorldHost | undefined } {
    const vm = vmOf(id);
    if (vm.hostId === undefined) throw impossible(`VM ${vm.name} does not run; start it first`);
    return { vm, host: hostsById.get(vm.hostId) };
  }

  function migratingVmOf(id: string) {
    const { vm, host } = runningVmOf(id);
    if (vm.migratesTo === undefined) throw impossible(`VM ${vm.name} does not migrate`);
    return { vm, host, migratesTo: vm.migratesTo };
  }

  const loadOf = (hostId: string) => loads.get(hostId) ?? { vms: 0, upVms: 0, memory: 0 };

  function load({ hostId, memory, status }: WorldVm, step: 1 | -1): void {
    if (hostId === undefined) return;
    const now = loadOf(hostId);
    loads.set(hostId, {
      vms: now.vms + step,
      upVms: now.upVms + (status === 'up' ? step : 0),
      memory: now.memory + step * memory,
    });
  }

  function putHost(host: WorldHost): WorldHost {
    hostsById.set(host.id, host);
    hostOrder.changed();
    return host;
  }

  function putVm(changed: WorldVm): WorldVm {
    const before = vmsById.get(changed.id);
    if (before !== undefined) load(before, -1);
    load(changed, 1);
    const host = changed.hostId === undefined ? undefined : hostsById.get(changed.hostId);
    const vm = host === undefined ? changed : { ...changed, clusterId: host.clusterId };
    vmsById.set(vm.id, vm);
    vmOrder.changed();
    return vm;
  }

  function insertHost(host: NewHost): WorldHost {
    const id = host.id ?? numberedId('a0000000', hostsById);
    if (hostsById.has(id)) throw impossible(`there is a host ${id} already`);
    const name = `host-${hostsById.size + 1}`;
    return putHost({ name, status: 'up', clusterId: CLUSTER_ID, memory: 256 * GIB, ...host, id });
  }

  function insertVm(vm: NewVm): WorldVm {
    const id = vm.id ?? numberedId('b0000000', vmsById);
    if (vmsById.has(id)) throw impossible(`there is a VM ${id} already`);
    return putVm({
      name: `vm-${vmsById.size + 1}`,
      status: vm.hostId === undefined ? 'down' : 'up',
      clusterId: CLUSTER_ID,
      hostId: undefined,
      osType: 'rhel_9x64',
      guestOs: undefined,
      memory: 4 * GIB,
      startTime: vm.hostId === undefined ? undefined : clock.now(),
      stopTime: undefined,
      ...vm,
      id,
    });
  }

  function startMigration(vmId: string, hostId: string): void {
    const { vm, host } = runningVmOf(vmId);
    const target = upHostOf(hostId);
    if (vm.hostId === hostId) throw impossible(`VM ${vm.name} runs on host ${target.name} already`);
    if (vm.migratesTo !== undefined) throw impossible(`VM ${vm.name} migrates already`);
    putVm({ ...vm, status: 'migrating', migratesTo: hostId });
    events.write('VM_MIGRATION_START', { vm, host, target });
  }

  function finishMigration(vmId: string): void {
    const { vm, host, migratesTo } = migratingVmOf(vmId);
    const target = upHostOf(migratesTo);
    putVm({ ...vm, status: 'up', hostId: migratesTo, migratesTo: undefined });
    events.write('VM_MIGRATION_DONE', { vm, host, target });
  }

  for (const host of hosts) insertHost(host);
  for (const vm of vms) insertVm(vm);

  return {
    hosts: hostsById,
    vms: vmsById,
    hostsByName: hostOrder.list,
    vmsByName: vmOrder.list,
    loadOf,
    events,
    startVm(vmId, hostId) {
      const before = vmOf(vmId);
      const host = upHostOf(hostId);
      if (before.hostId !== undefined)
        throw impossible(`VM ${before.name} runs already; stop it or migrate it`);
      const vm = putVm({ ...before, status: 'up', hostId, startTime: clock.now() });
      events.write('USER_STARTED_VM', { vm, host });
      events.write('USER_RUN_VM', { vm, host });
    },
    stopVm(vmId) {
      const { vm, host } = runningVmOf(vmId);
      putVm({ ...vm, status: 'down', hostId: undefined, migratesTo: undefined, stopTime: clock.now() });
      events.write('USER_STOP_VM', { vm, host });
      events.write('VM_DOWN', { vm, host });
    },
    pauseVm(vmId) {
      const { vm, host } = runningVmOf(vmId);
      putVm({ ...vm, status: 'paused', migratesTo: undefined });
      events.write('VM_PAUSED', { vm, host });
    },
    resumeVm(vmId) {
      const { vm, host } = runningVmOf(vmId);
      if (vm.status !== 'paused') throw impossible(`VM ${vm.name} is ${vm.status}, not paused`);
      putVm({ ...vm, status: 'up' });
      events.write('USER_RESUME_VM', { vm, host });
    },
    startMigration,
    finishMigration,
    failMigration(vmId) {
      const { vm, host } = migratingVmOf(vmId);
      putVm({ ...vm, status: 'up', migratesTo: undefined });
      events.write('VM_MIGRATION_FAILED', { vm, host });
    },
    migrateVm(vmId, hostId) {
      startMigration(vmId, hostId);
      finishMigration(vmId);
    },
    updateVm(vmId, change) {
      const vm = putVm({ ...vmOf(vmId), ...change });
      events.write('USER_UPDATE_VM', { vm });
    },
    reportGuestOs(vmId, guestOs) {
      putVm({ ...runningVmOf(vmId).vm, guestOs });
    },
    addHost(host = {}) {
      const added = insertHost(host);
      events.write('USER_ADD_VDS', { host: added });
      if (added.status !== 'up') return added;
      events.write('VDS_INSTALL', { host: added });
      events.write('VDS_DETECTED', { host: added });
      return added;
    },
    removeHost(hostId) {
      const host = hostOf(hostId);
      hostsById.delete(hostId);
      hostOrder.changed();
      events.write('USER_REMOVE_VDS', { host });
    },
    setHostStatus(hostId, status) {
      const before = hostOf(hostId);
      const host = putHost({ ...before, status });
      for (const name of statusEvents(before.status, status)) events.write(name, { host });
    },
    updateHost(hostId, change) {
      const host = putHost({ ...hostOf(hostId), ...change });
      events.write('USER_UPDATE_VDS', { host });
    },
    reportUsedMemory(hostId, usedMemory) {
      putHost({ ...hostOf(hostId), usedMemory });
    },
    addVm(vm = {}) {
      const added = insertVm(vm);
      events.write('USER_ADD_VM_FINISHED_SUCCESS', { vm: added });
      return added;
    },
    removeVm(vmId) {
      const vm = vmOf(vmId);
      if (vm.hostId !== undefined) throw impossible(`VM ${vm.name} runs; stop it first`);
      vmsById.delete(vmId);
      vmOrder.changed();
      events.write('USER_REMOVE_VM_FINISHED', { vm });
    },
  };
}

/** Lists the values of a map by name; sorts them again after a change only. */
function createNameOrder<Value extends { readonly name: string }>(values: ReadonlyMap<string, Value>) {
  let listed: readonly Value[] | undefined;
  return {
    changed: () => void (listed = undefined),
    list: (): readonly Value[] =>
      (listed ??= [...values.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))),
  };
}

/** Returns the first id of this prefix and a running number that is free. */
function numberedId(prefix: string, taken: ReadonlyMap<string, unknown>): string {
  for (let number = taken.size + 1; ; number++) {
    const id = `${prefix}-0000-4000-8000-${String(number).padStart(12, '0')}`;
    if (!taken.has(id)) return id;
  }
}

function impossible(message: string): SchedulingError {
  return new SchedulingError('INVALID_ARGUMENT', message);
}
