import type { HostMemory } from '../domain/snapshot.js';
import { MIB, readByteCount } from './byte-count.js';
import { isRecord } from './is-record.js';

/** The members of a host's JSON that tell of its memory, as they came. */
export interface HostMemoryMembers {
  readonly memory?: unknown;
  readonly max_scheduling_memory?: unknown;
  /** What `follow=statistics` puts there. */
  readonly statistics?: unknown;
}

const FREE_MEMORY = 'memory.free';

/**
 * Reads the memory of a host. A figure that is missing or odd is unknown, and costs the host nothing else.
 *
 * An engine that does not know how much of a host's memory is in use says that all of it is free (HostStatisticalQuery:
 * used = 0), so free memory that equals the total is unknown. Memory is "0" where the engine knows none (HostMapper).
 */
export function readHostMemory(members: HostMemoryMembers): HostMemory {
  const total = readByteCount(members.memory) ?? 0;
  if (total === 0) return UNKNOWN;
  const free = freeMemory(members.statistics);
  return {
    totalMiB: wholeMiB(total),
    freeMiB: free !== undefined && free < total ? wholeMiB(free) : undefined,
    schedulableMiB: wholeMiB(readByteCount(members.max_scheduling_memory)),
  };
}

const UNKNOWN: HostMemory = { totalMiB: undefined, freeMiB: undefined, schedulableMiB: undefined };

function freeMemory(statistics: unknown): number | undefined {
  const list: unknown = isRecord(statistics) ? statistics['statistic'] : undefined;
  if (!Array.isArray(list)) return undefined;
  const free: unknown = list.find(
    (statistic: unknown) => isRecord(statistic) && statistic['name'] === FREE_MEMORY,
  );
  // `values` is empty where the engine has none.
  const values: unknown = isRecord(free) && isRecord(free['values']) ? free['values']['value'] : undefined;
  const first: unknown = Array.isArray(values) ? values[0] : undefined;
  return isRecord(first) ? readByteCount(first['datum']) : undefined;
}

function wholeMiB(bytes: number): number;
function wholeMiB(bytes: number | undefined): number | undefined;
function wholeMiB(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.floor(bytes / MIB);
}
