import { MIB, readByteCount } from './byte-count.js';
import { isRecord } from './is-record.js';

/** Reads the `memory` of a VM in MiB, rounded up; undefined when it says nothing, as 0 does. */
export function vmMemoryMiB(memory: unknown): number | undefined {
  const bytes = readByteCount(memory);
  return bytes === undefined || bytes === 0 ? undefined : Math.ceil(bytes / MIB);
}

/**
 * Reads a VM's `placement_policy`: true when the engine may migrate the VM by itself. With the affinity `pinned` it never
 * may, and with `user_migratable` a person has to ask for it. A plain user's view lacks the policy.
 */
export function isMigratable(placementPolicy: unknown): boolean {
  return isRecord(placementPolicy) && placementPolicy['affinity'] === 'migratable';
}
