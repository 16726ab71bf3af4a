import { hash } from 'node:crypto';
import { identifyOs, type GuestOs, type OsByIdentity } from '../domain/os-identity.js';
import type { Snapshot, Vm } from '../domain/snapshot.js';
import { isSameVm } from '../domain/snapshot-delta.js';
import { createLru } from '../lib/lru.js';
import type { EngineVm } from './engine-json.js';

/** Most shared operating systems, statuses, and ids: an engine has at most thousands of hosts. */
export const MAX_POOLED = 10_000;

/**
 * Most characters of the shared operating systems, and of the statuses: 100 times what a large engine has, and 8 MiB. Beyond
 * it they are unknown, which bounds what the VMs of one listing can hold to their names and numbers.
 */
export const MAX_POOLED_CHARACTERS = 4 * 1024 ** 2;

/** Most VMs whose last report of the guest agent is remembered: as many as one listing may have. */
export const MAX_GUEST_REPORTS = 250_000;

/** Factory of VMs that share equal values: 100,000 VMs have few hosts and few operating systems. */
export interface VmPool {
  /** Starts a listing, whose unchanged VMs are the same objects as in `before`. */
  readonly begin: (before: Snapshot | undefined) => VmListing;
  /** Creates the VM of a look-up, or returns `before` if it is equal. A stopped VM gets the last report of its guest agent. */
  readonly lookedUp: (record: EngineVm, before?: Vm) => Vm;
  /** Returns the shared text of a status; undefined when too many differ. */
  readonly status: (text: string) => string | undefined;
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
  const guests = createShare<GuestOs>();
  const statuses = createShare<string>();
  const ids = createShare<string>();
  const guestReports = createLru<string, GuestOs>(MAX_GUEST_REPORTS);
  let last: ReadonlyMap<string, Vm> = new Map();

  const sharedId = (id: string | undefined) => (id === undefined ? undefined : (ids.get(id, () => id) ?? id));
  const status = (text: string) => statuses.get(text, () => text);

  function remember(id: string, guest: GuestOs | undefined): void {
    if (guest === undefined) return;
    const shared = guests.get(JSON.stringify(guest), () => guest);
    if (shared !== undefined) guestReports.set(id, shared);
  }

  function vmOf(record: EngineVm, guest: GuestOs | undefined, before: Vm | undefined): Vm {
    const { memoryMiB, migratable, os } = record;
    const key = JSON.stringify([os.type, os.version, guest?.distribution, guest?.version]);
    const vm: Vm = {
      id: before?.id ?? record.id,
      name: before?.name === record.name ? before.name : record.name,
      clusterId: sharedId(record.clusterId),
      hostId: sharedId(record.hostId),
      status: record.status && status(record.status),
      memoryMiB,
      migratable,
      os: oses.get(key, () => identifyOs(os, guest)) ?? UNKNOWN_OS,
    };
    return before !== undefined && isSameVm(vm, before) ? before : vm;
  }

  return {
    begin(before) {
      for (const share of [oses, guests, statuses, ids]) share.emptyIfFull();
      const listed = new Map<string, Vm>();
      let digest: string | undefined;
      const keep = (vm: Vm) => {
        if (digest !== undefined) listed.set(digest, vm);
        return vm;
      };
      return {
        find(bytes) {
          // SHA-1 for speed: nothing depends on its resistance to attacks.
          digest = hash('sha1', bytes, 'base64');
          const vm = last.get(digest);
          return vm === undefined ? undefined : keep(vm);
        },
        make(record) {
          remember(record.id, record.guest);
          return keep(vmOf(record, record.guest, before?.vm(record.id)));
        },
        commit() {
          last = listed;
        },
      };
    },
    lookedUp(record, before) {
      const { id, guest, hostId } = record;
      remember(before?.id ?? id, guest);
      return vmOf(record, guest ?? (hostId === undefined ? guestReports.get(id) : undefined), before);
    },
    status,
  };
}

/** Values shared by key, up to {@link MAX_POOLED} and {@link MAX_POOLED_CHARACTERS} of keys. */
interface Share<Value> {
  /** Returns the value of a key, making it for the first. Returns undefined for a new key when full. */
  readonly get: (key: string, make: () => Value) => Value | undefined;
  /** Starts anew, so that values of listings long past leave. A value shared no longer only costs memory. */
  readonly emptyIfFull: () => void;
}

function createShare<Value>(): Share<Value> {
  const values = new Map<string, Value>();
  let characters = 0;
  const isFull = () => values.size >= MAX_POOLED || characters >= MAX_POOLED_CHARACTERS;
  return {
    get(key, make) {
      const known = values.get(key);
      if (known !== undefined || isFull()) return known;
      const made = make();
      values.set(key, made);
      characters += key.length;
      return made;
    },
    emptyIfFull() {
      if (!isFull()) return;
      values.clear();
      characters = 0;
    },
  };
}

const UNKNOWN_OS = identifyOs({ type: undefined, version: undefined }, undefined);
