import { hash } from 'node:crypto';
import type { Vm } from '../snapshot.js';

/** The VMs of one listing, found again by their very bytes. */
export interface ListedVms {
  /** The VM that the last listing had in these bytes, or none. What is remembered next is remembered under them. */
  readonly find: (bytes: Buffer) => Vm | undefined;
  readonly remember: (vm: Vm) => void;
  /** Makes this listing the last one. */
  readonly commit: () => void;
}

/**
 * Remembers, by a digest of its bytes, which VM stood in each element of the last listing. From one listing to the next
 * hardly any element changes, and one that did not needs no parsing: that is most of what a listing costs.
 */
export interface UnchangedVms {
  readonly begin: () => ListedVms;
}

/** Starts without a listing. */
export function createUnchangedVms(): UnchangedVms {
  let last: ReadonlyMap<string, Vm> = new Map();

  return {
    begin() {
      const listed = new Map<string, Vm>();
      let digest = '';
      return {
        find(bytes) {
          // No secret is kept by it: SHA-1 is there since it is the fastest that no two real elements collide in.
          digest = hash('sha1', bytes, 'base64');
          return last.get(digest);
        },
        remember: (vm) => void listed.set(digest, vm),
        commit() {
          last = listed;
        },
      };
    },
  };
}
