import { NEWEST_EVENTS, type EngineEvent } from '../../src/inventory/engine-events.js';
import type { EventQuery } from '../../src/inventory/engine-client.js';
import type { EngineVm } from '../../src/inventory/engine-json.js';
import type { InventoryOptions } from '../../src/inventory/inventory.js';
import type { HostRecord } from '../../src/domain/snapshot.js';
import { linkAbort } from '../../src/lib/deadline.js';
import { CLUSTER, HOST, vmId } from './engine-world.js';

type Client = InventoryOptions['client'];

/** An engine behind no wire, for what is about time alone: it answers when the test says so. */
export interface ScriptedClient extends Client {
  hosts: readonly HostRecord[];
  vms: readonly EngineVm[];
  /** What each method does before it answers; by default nothing, at once. */
  before: (method: 'hosts' | 'vms' | 'vm' | 'host' | 'events', signal: AbortSignal) => Promise<void>;
  /** The events of the engine, oldest first. */
  events: readonly EngineEvent[];
  /** Odd objects that each listing tells of. */
  odd: readonly string[];
  readonly calls: {
    hosts: number;
    vms: number;
    vm: string[];
    host: string[];
    events: EventQuery[];
  };
}

/** Starts with one host and one VM on it. */
export function createScriptedClient(): ScriptedClient {
  const client: ScriptedClient = {
    hosts: [scriptedHost()],
    vms: [scriptedVm(1)],
    odd: [],
    before: () => Promise.resolve(),
    events: [],
    calls: { hosts: 0, vms: 0, vm: [], host: [], events: [] },
    async listHosts(begin, signal) {
      client.calls.hosts += 1;
      await client.before('hosts', signal);
      const visitor = begin();
      client.hosts.forEach(visitor.record);
    },
    async listRunningVms(begin, signal) {
      client.calls.vms += 1;
      await client.before('vms', signal);
      const visitor = begin();
      client.vms.forEach(visitor.record);
      client.odd.forEach(visitor.odd);
    },
    async getVm(id, signal) {
      client.calls.vm.push(id);
      await client.before('vm', signal);
      return client.vms.find((vm) => vm.id === id);
    },
    async readVm(id, signal) {
      client.calls.vm.push(id);
      await client.before('vm', signal);
      const record = client.vms.find((vm) => vm.id === id);
      return record && { record };
    },
    async readHost(id, signal) {
      client.calls.host.push(id);
      await client.before('host', signal);
      const record = client.hosts.find((host) => host.id === id);
      return record && { record: withoutStatistics(record) };
    },
    async listEvents(query, begin, signal) {
      client.calls.events.push(query);
      await client.before('events', signal);
      const visitor = begin();
      findEvents([...client.events].reverse(), query).forEach(visitor.record);
    },
  };
  return client;
}

/** Code of the event of a login, which is about neither host nor VM. */
export const LOGIN = 30;

function findEvents(events: readonly EngineEvent[], query: EventQuery): readonly EngineEvent[] {
  if (query === 'newest of any kind') return events.slice(0, 1);
  if (typeof query === 'object' && 'code' in query)
    return events.filter(({ code }) => code === query.code).slice(0, 1);
  const searched = events.filter(({ code }) => code !== LOGIN);
  if (query === 'newest') return searched.slice(0, NEWEST_EVENTS);
  return searched.filter(({ id }) => id > query.from);
}

/** A host as the engine answers it without its statistics, which have its free memory. */
function withoutStatistics(host: HostRecord): HostRecord {
  return { ...host, memory: { ...host.memory, freeMiB: undefined } };
}

/** A host. */
export function scriptedHost(more: Partial<HostRecord> = {}): HostRecord {
  const memory = { totalMiB: 8192, freeMiB: 4096, schedulableMiB: 4096 };
  return { id: HOST, name: 'H1', clusterId: CLUSTER, status: 'up', memory, ...more };
}

/** The nth VM; it runs on the one host unless it is told otherwise. */
export function scriptedVm(nth: number, more: Partial<EngineVm> = {}): EngineVm {
  const os = { type: 'rhel_8x64', version: undefined };
  return {
    id: vmId(nth),
    name: `vm${nth}`,
    status: 'up',
    clusterId: CLUSTER,
    hostId: HOST,
    memoryMiB: 1024,
    migratable: true,
    os,
    guest: undefined,
    ...more,
  };
}

/** Waits until it is let through, or until the signal aborts. */
export function createGate(): {
  readonly pass: (signal: AbortSignal) => Promise<void>;
  readonly open: () => void;
} {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return {
    open: () => {
      open();
    },
    pass: (signal) =>
      new Promise((resolve, reject) => {
        const { signal: own } = linkAbort(signal);
        own.addEventListener('abort', () => {
          reject(own.reason instanceof Error ? own.reason : new Error('aborted'));
        });
        void opened.then(resolve);
      }),
  };
}
