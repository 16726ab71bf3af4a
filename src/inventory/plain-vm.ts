import type { GuestOs, Os } from '../domain/os-identity.js';
import { isLowerCaseUuid, parseUuid } from '../lib/uuid.js';
import type { EngineVm } from './engine-vm.js';
import { isMigratable, vmMemoryMiB } from './vm-migration.js';
import { isRecord } from './is-record.js';

/** Stands for a field that needs the schema. */
const UNUSUAL = Symbol('unusual');

/**
 * Reads a VM that is as engines write them; undefined for any other, which the schema of engine-json.ts is to judge. A
 * test holds the two together. Of 100,000 VMs, the schema's intermediate objects would add half again to the resident
 * memory (docs/decisions/0004-own-collection-splitter.md).
 */
export function readPlainVm(object: unknown): EngineVm | undefined {
  if (!isRecord(object)) return undefined;
  const { id, name } = object;
  if (typeof id !== 'string' || !isLowerCaseUuid(id)) return undefined;
  if (typeof name !== 'string' || name === '') return undefined;
  const status = textOf(object['status']);
  const hostId = hostIdOf(object['host']);
  const os = osOf(object['os']);
  const guest = guestOf(object['guest_operating_system']);
  if (status === UNUSUAL || hostId === UNUSUAL || os === UNUSUAL || guest === UNUSUAL) return undefined;
  const clusterId = clusterIdOf(object['cluster']);
  const memoryMiB = vmMemoryMiB(object['memory']);
  const migratable = isMigratable(object['placement_policy']);
  return { id, name, status, clusterId, hostId, memoryMiB, migratable, os, guest };
}

/** Reads the `cluster` of a host or a VM; undefined for anything odd, which costs them nothing else. */
export function clusterIdOf(cluster: unknown): string | undefined {
  const id = isRecord(cluster) ? cluster['id'] : undefined;
  return typeof id === 'string' ? parseUuid(id) : undefined;
}

function textOf(value: unknown): string | undefined | typeof UNUSUAL {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return isAbsent(value) ? undefined : UNUSUAL;
}

function hostIdOf(host: unknown): string | undefined | typeof UNUSUAL {
  if (isAbsent(host)) return undefined;
  const id = isRecord(host) ? host['id'] : undefined;
  return typeof id === 'string' && isLowerCaseUuid(id) ? id : UNUSUAL;
}

function osOf(os: unknown): Os | typeof UNUSUAL {
  if (isAbsent(os)) return { type: undefined, version: undefined };
  // Engines never fill the version of a VM.
  if (!isRecord(os) || !isAbsent(os['version'])) return UNUSUAL;
  const type = textOf(os['type']);
  return type === UNUSUAL ? UNUSUAL : { type, version: undefined };
}

function guestOf(guest: unknown): GuestOs | undefined | typeof UNUSUAL {
  if (isAbsent(guest)) return undefined;
  if (!isRecord(guest)) return UNUSUAL;
  const distribution = textOf(guest['distribution']);
  const version = isRecord(guest['version']) ? guest['version'] : {};
  const { full_version: full, major, minor } = version;
  if (distribution === UNUSUAL || textOf(major) === UNUSUAL || textOf(minor) === UNUSUAL) return UNUSUAL;
  if (typeof full !== 'string' || full === '') return UNUSUAL;
  return distribution === undefined ? undefined : { distribution, version: full };
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}
