import { hash } from 'node:crypto';
import type { Vm } from '../domain/snapshot.js';

/** The VMs of one listing, by the digest of the bytes in which each stood. */
export interface ListedVms {
  /** The VM that the last listing had in bytes of this digest, or none. */
  readonly find: (digest: string) => Vm | undefined;
  readonly remember: (digest: string, vm: Vm) => void;
  /** Makes this listing the last one. */
  readonly commit: () => void;
}

/**
 * Remembers which VM stood in each element of the last listing. From one listing to the next hardly any element changes,
 * and one that did not needs no parsing: that is most of what a listing costs.
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
      return {
        find: (digest) => last.get(digest),
        remember: (digest, vm) => void listed.set(digest, vm),
        commit() {
          last = listed;
        },
      };
    },
  };
}

/** The digest of an element's bytes. It guards nothing; SHA-1 is the fastest in which no two real elements collide. */
export function digestOf(bytes: Buffer): string {
  return hash('sha1', bytes, 'base64');
}
