import { hash } from 'node:crypto';
import { identifyOs, type GuestOs, type OsByIdentity } from '../domain/os-identity.js';
import type { Snapshot, Vm } from '../domain/snapshot.js';
import { createLru } from '../lib/lru.js';
import type { EngineVm } from './engine-json.js';

/** Most shared operating systems, and most shared ids and statuses: an engine has at most thousands of hosts. */
export const MAX_POOLED = 10_000;

/** Most VMs whose last report of the guest agent is remembered: as many as one listing may have. */
export const MAX_GUEST_REPORTS = 250_000;

/** Factory of VMs that share equal values: 100,000 VMs have few hosts and few operating systems. */
export interface VmPool {
  /** Starts a listing, whose unchanged VMs are the same objects as in `before`. */
  readonly begin: (before: Snapshot | undefined) => VmListing;
  /** Creates the VM of a look-up. A stopped VM gets the last report of its guest agent. */
  readonly lookedUp: (record: EngineVm) => Vm;
}

/**
 * Factory of the VMs of one listing. Few VMs change between two listings, and unchanged bytes are not parsed again, which is
 * most of the cost of a listing.
 */
export interface VmListing {
  /** Returns the VM of the same bytes in the last listing. Without one, `make` has to be called next. */
  readonly find: (bytes: Buffer) => Vm | undefined;
  readonly make: (record: EngineVm) => Vm;
  /** Replaces the last listing by this one. */
  readonly commit: () => void;
}

/** Creates an empty pool. */
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
          // SHA-1 for speed: nothing depends on its resistance to attacks.
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

/** Creates a share of values by key, emptied at {@link MAX_POOLED}: a value shared no longer only costs memory. */
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
