import { hash } from 'node:crypto';
import { identifyOs, type GuestOs, type OsByIdentity } from '../domain/os-identity.js';
import type { Snapshot, Vm } from '../domain/snapshot.js';
import { createLru } from '../lib/lru.js';
import type { EngineVm } from './engine-json.js';

/** How many operating systems, and how many ids and statuses, are shared: an engine has thousands of hosts at the most. */
export const MAX_POOLED = 10_000;

/** Of how many VMs the last report of the guest agent is remembered: all that one listing may have. */
export const MAX_GUEST_REPORTS = 250_000;

/** Makes VMs that share what is equal: 100,000 VMs run on few hosts and under few operating systems. */
export interface VmPool {
  /** Begins a listing; VMs that are as in `before` are the very same objects. */
  readonly begin: (before: Snapshot | undefined) => VmListing;
  /** Makes the VM of a look-up; one that is stopped has the last report of its guest agent, since it says nothing itself. */
  readonly lookedUp: (record: EngineVm) => Vm;
}

/**
 * Makes the VMs of one listing. From one listing to the next hardly any VM changes, and one whose bytes did not change needs
 * no parsing, which is most of what a listing costs.
 */
export interface VmListing {
  /** Returns the VM that the last listing had in the very same bytes, or none: then `make` is called for them. */
  readonly find: (bytes: Buffer) => Vm | undefined;
  readonly make: (record: EngineVm) => Vm;
  /** Makes this listing the last one. */
  readonly commit: () => void;
}

/** Creates a pool without VMs. */
export function createVmPool(): VmPool {
  const oses = createShare<OsByIdentity>();
  const texts = createShare<string>();
  const guestReports = createLru<string, GuestOs>(MAX_GUEST_REPORTS);
  let last: ReadonlyMap<string, Vm> = new Map();

  const shared = (text: string | undefined) => (text === undefined ? undefined : texts(text, () => text));

  function vmOf(record: EngineVm, guest: GuestOs | undefined, before: Vm | undefined): Vm {
    const { id, name, memoryMiB, migratable, os } = record;
    const key = JSON.stringify([os.type, os.version, guest?.distribution, guest?.version]);
    const vm: Vm = {
      id,
      name,
      clusterId: shared(record.clusterId),
      hostId: shared(record.hostId),
      status: shared(record.status),
      memoryMiB,
      migratable,
      os: oses(key, () => identifyOs(os, guest)),
    };
    return before !== undefined && isSame(vm, before) ? before : vm;
  }

  return {
    begin(before) {
      const listed = new Map<string, Vm>();
      let digest: string | undefined;
      const remember = (vm: Vm) => {
        if (digest !== undefined) listed.set(digest, vm);
        return vm;
      };
      return {
        find(bytes) {
          // It guards nothing; SHA-1 is the fastest in which no two real elements collide.
          digest = hash('sha1', bytes, 'base64');
          const vm = last.get(digest);
          return vm === undefined ? undefined : remember(vm);
        },
        make(record) {
          if (record.guest !== undefined) guestReports.set(record.id, record.guest);
          return remember(vmOf(record, record.guest, before?.vm(record.id)));
        },
        commit() {
          last = listed;
        },
      };
    },
    lookedUp(record) {
      const { id, guest, hostId } = record;
      if (guest !== undefined) guestReports.set(id, guest);
      return vmOf(record, guest ?? (hostId === undefined ? guestReports.get(id) : undefined), undefined);
    },
  };
}

const isSame = (vm: Vm, before: Vm) =>
  vm.name === before.name &&
  vm.clusterId === before.clusterId &&
  vm.hostId === before.hostId &&
  vm.status === before.status &&
  vm.memoryMiB === before.memoryMiB &&
  vm.migratable === before.migratable &&
  vm.os === before.os;

/** Shares values by a key; beyond {@link MAX_POOLED} it begins anew, since sharing only saves memory. */
function createShare<Value>(): (key: string, make: () => Value) => Value {
  const values = new Map<string, Value>();
  return (key, make) => {
    const known = values.get(key);
    if (known !== undefined) return known;
    if (values.size >= MAX_POOLED) values.clear();
    const made = make();
    values.set(key, made);
    return made;
  };
}
