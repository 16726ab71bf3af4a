import type { GuestOs, Os } from '../domain/os-identity.js';
import type { HostMemory, HostRecord, Vm } from '../domain/snapshot.js';
import { isJsonObject, type JsonObject } from '../lib/json.js';
import { parseUuid } from '../lib/uuid.js';

/** A host as the engine lists it. */
export interface EngineHost extends HostRecord {
  /** VMs that are up there, by the host's last report; absent when unknown. */
  readonly upVms?: number | undefined;
}

/** A VM as the engine lists it. */
export interface EngineVm extends Omit<Vm, 'os'> {
  /** Configured operating system. */
  readonly os: Os;
  /** Report of the guest agent, while it runs. */
  readonly guest: GuestOs | undefined;
}

/** A parsed object, or the reason why it is unusable. */
export type Parsed<Record> =
  { readonly record: Record; readonly odd?: never } | { readonly odd: string; readonly record?: never };

/** Longest name that is kept, in characters; a longer one is cut. The engine itself takes 255 at most. */
export const MAX_NAME_LENGTH = 256;

/** Longest other text, in characters; a longer one is unknown. Those of real engines have less than 100. */
export const MAX_VALUE_LENGTH = 1024;

/** Longest quoted text of an object, in characters. */
const MAX_QUOTED = 64;

const MIB = 1024 ** 2;

const UNKNOWN_MEMORY: HostMemory = { totalMiB: undefined, freeMiB: undefined, schedulableMiB: undefined };

/** Error for an id, or a reference to a host, that no engine writes like that, named in the message. */
class OddField extends Error {}

/** Parses a host from the engine's JSON (HostMapper). */
export function parseHost(object: unknown): Parsed<EngineHost> {
  return parsed('host', object, (host) => {
    const id = idIn(host, 'id');
    return {
      id,
      name: nameIn(host) ?? id,
      clusterId: clusterOf(host),
      status: textIn(host, 'status') ?? 'unknown',
      memory: memoryOfHost(host),
      upVms: upVmsOf(host),
    };
  });
}

/**
 * Parses a VM from the engine's JSON (VmMapper), by hand: for 100,000 VMs the intermediate objects of a schema would add half
 * to the resident memory (docs/decisions/0004-own-collection-splitter.md).
 */
export function parseVm(object: unknown): Parsed<EngineVm> {
  return parsed('vm', object, (vm) => {
    const id = idIn(vm, 'id');
    const host = vm['host'] ?? undefined;
    const os = objectIn(vm, 'os');
    const guest = objectIn(vm, 'guest_operating_system');
    const distribution = textIn(guest, 'distribution');
    return {
      id,
      name: nameIn(vm) ?? id,
      clusterId: clusterOf(vm),
      hostId: host === undefined ? undefined : idIn(objectIn(vm, 'host'), 'id', 'host.'),
      status: textIn(vm, 'status'),
      memoryMiB: memoryOfVm(vm['memory']),
      migratable: isMigratable(vm['placement_policy']),
      os: { type: textIn(os, 'type'), version: versionIn(os) },
      guest: distribution === undefined ? undefined : { distribution, version: versionIn(guest) },
    };
  });
}

function parsed<Record>(kind: string, object: unknown, read: (object: JsonObject) => Record): Parsed<Record> {
  try {
    if (!isJsonObject(object)) throw new OddField('expected an object');
    return { record: read(object) };
  } catch (thrown) {
    if (!(thrown instanceof OddField)) throw thrown;
    return { odd: `${kind} ${nameOf(object)}: ${thrown.message}` };
  }
}

function nameOf(object: unknown): string {
  const { id, name } = isJsonObject(object) ? object : {};
  const known = [id, name].find((value) => typeof value === 'string');
  return known === undefined ? 'without id and name' : JSON.stringify(known.slice(0, MAX_QUOTED));
}

/** Returns an id, without which an object is unusable. `at` is the path of its parent in the object, such as `host.`. */
function idIn(parent: JsonObject | undefined, key: string, at = ''): string {
  const value = parent?.[key];
  const id = typeof value === 'string' ? parseUuid(value) : undefined;
  if (id === undefined) throw new OddField(`${at}${key}: expected a UUID`);
  return id;
}

// The values below don't make an object unusable: odd ones are unknown.

function objectIn(parent: JsonObject, key: string): JsonObject | undefined {
  const value = parent[key];
  return isJsonObject(value) ? value : undefined;
}

function textIn(parent: JsonObject | undefined, key: string): string | undefined {
  const value = parent?.[key];
  return typeof value === 'string' && value !== '' && value.length <= MAX_VALUE_LENGTH ? value : undefined;
}

function nameIn({ name }: JsonObject): string | undefined {
  if (typeof name !== 'string' || name === '') return undefined;
  if (name.length <= MAX_NAME_LENGTH) return name;
  // Copied, since a slice keeps the long text alive.
  return Buffer.from(name.slice(0, MAX_NAME_LENGTH)).toString();
}

function versionIn(parent: JsonObject | undefined): string | undefined {
  const version = parent === undefined ? undefined : objectIn(parent, 'version');
  if (version === undefined) return undefined;
  const major = numberIn(version, 'major');
  const minor = numberIn(version, 'minor');
  const short = major === undefined || minor === undefined ? major : `${major}.${minor}`;
  return textIn(version, 'full_version') ?? short;
}

/** Returns an integer, which the engine writes as a string (api.xjb). */
function numberIn(parent: JsonObject, key: string): string | undefined {
  const value = parent[key];
  return typeof value === 'number' ? String(value) : textIn(parent, key);
}

function clusterOf({ cluster }: JsonObject): string | undefined {
  const id = isJsonObject(cluster) ? cluster['id'] : undefined;
  return typeof id === 'string' ? parseUuid(id) : undefined;
}

function upVmsOf(host: JsonObject): number | undefined {
  const summary = objectIn(host, 'summary');
  const active = summary === undefined ? undefined : numberIn(summary, 'active');
  return active !== undefined && /^\d{1,9}$/.test(active) ? Number(active) : undefined;
}

/**
 * Returns a host's memory. Free memory that equals the total is unknown: an engine that doesn't know how much is in use says 0
 * (HostStatisticalQuery). A total of 0 is unknown too (HostMapper).
 */
function memoryOfHost({ memory, max_scheduling_memory: schedulable, statistics }: JsonObject): HostMemory {
  const total = bytesOf(memory) ?? 0;
  if (total === 0) return UNKNOWN_MEMORY;
  const free = freeMemoryIn(statistics);
  return {
    totalMiB: wholeMiB(total),
    freeMiB: free !== undefined && free < total ? wholeMiB(free) : undefined,
    schedulableMiB: wholeMiB(bytesOf(schedulable)),
  };
}

/** Returns the free memory among the statistics that `follow=statistics` puts into a host, in bytes. */
function freeMemoryIn(statistics: unknown): number | undefined {
  const list = isJsonObject(statistics) ? statistics['statistic'] : undefined;
  const free = arrayOf(list).find((one) => isJsonObject(one) && one['name'] === 'memory.free');
  // `values` is empty where the engine has none.
  const values = isJsonObject(free) && isJsonObject(free['values']) ? free['values']['value'] : undefined;
  const [first] = arrayOf(values);
  return isJsonObject(first) ? bytesOf(first['datum']) : undefined;
}

/** Returns a VM's memory, rounded up. 0 means unknown. */
function memoryOfVm(memory: unknown): number | undefined {
  const bytes = bytesOf(memory) ?? 0;
  return bytes === 0 ? undefined : Math.ceil(bytes / MIB);
}

/**
 * Reports whether the engine may migrate a VM by itself: never with the affinity `pinned`, on request with `user_migratable`. A
 * plain user's view lacks the policy.
 */
function isMigratable(placementPolicy: unknown): boolean {
  return isJsonObject(placementPolicy) && placementPolicy['affinity'] === 'migratable';
}

/** Returns a size, which the engine writes as a string of digits (api.xjb), and statistics as a number. */
function bytesOf(value: unknown): number | undefined {
  if (typeof value === 'string') return /^\d{1,19}$/.test(value) ? Number(value) : undefined;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function wholeMiB(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.floor(bytes / MIB);
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
