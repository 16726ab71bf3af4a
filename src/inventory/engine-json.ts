import { z } from 'zod';
import type { GuestOs, Os } from '../domain/os-identity.js';
import type { HostRecord } from '../domain/snapshot.js';
import { parseUuid } from '../lib/uuid.js';
import type { EngineVm } from './engine-vm.js';
import { readHostMemory } from './host-memory.js';
import { clusterIdOf, readPlainVm } from './plain-vm.js';
import { isMigratable, vmMemoryMiB } from './vm-migration.js';

/** What came of one object: what is needed of it, or what is odd about it. */
export type Parsed<Record> =
  { readonly record: Record; readonly odd?: never } | { readonly odd: string; readonly record?: never };

/** Longest text of an object that an error quotes, in characters. */
const MAX_QUOTED = 64;

const uuid = z.string().transform((text, context) => {
  const id = parseUuid(text);
  if (id !== undefined) return id;
  context.addIssue({ code: 'custom', message: 'expected a UUID' });
  return z.NEVER;
});

/** The engine writes whole numbers as strings (api.xjb); a number is taken too. */
const numberText = z.union([z.string(), z.number()]).nullish();

const version = z
  .object({ full_version: z.string().nullish(), major: numberText, minor: numberText })
  .nullish()
  .transform((parts) => {
    if (parts === null || parts === undefined) return undefined;
    const { full_version: full, major, minor } = parts;
    if (full !== null && full !== undefined && full !== '') return full;
    if (major === null || major === undefined || major === '') return undefined;
    return minor === null || minor === undefined || minor === '' ? `${major}` : `${major}.${minor}`;
  });

const text = z
  .string()
  .nullish()
  .transform((value) => (value === null || value === '' ? undefined : value));

const os = z
  .object({ type: text, version })
  .nullish()
  .transform((value): Os => ({ type: value?.type, version: value?.version }));

const guestOs = z
  .object({ distribution: text, version })
  .nullish()
  .transform((value): GuestOs | undefined =>
    value?.distribution === undefined
      ? undefined
      : { distribution: value.distribution, version: value.version },
  );

/** What no figure of is worth a host or a VM: read leniently, by its own reader. */
const anything = z.unknown().optional();

const HOST = z
  .object({
    id: uuid,
    name: z.string().min(1),
    cluster: anything,
    status: z.string().min(1),
    memory: anything,
    max_scheduling_memory: anything,
    statistics: anything,
  })
  .transform(({ id, name, cluster, status, ...memory }): HostRecord => ({
    id,
    name,
    clusterId: clusterIdOf(cluster),
    status,
    memory: readHostMemory(memory),
  }));

const VM = z
  .object({
    id: uuid,
    name: z.string().min(1),
    status: text,
    cluster: anything,
    host: z.object({ id: uuid }).nullish(),
    os,
    guest_operating_system: guestOs,
    memory: anything,
    placement_policy: anything,
  })
  .transform(({ id, name, status, host, os, guest_operating_system: guest, ...rest }): EngineVm => ({
    id,
    name,
    status,
    os,
    clusterId: clusterIdOf(rest.cluster),
    hostId: host?.id,
    memoryMiB: vmMemoryMiB(rest.memory),
    migratable: isMigratable(rest.placement_policy),
    guest,
  }));

/** Reads a host of the engine's JSON (HostMapper). */
export function parseHost(object: unknown): Parsed<HostRecord> {
  return parsed('host', HOST, object);
}

/** Reads a VM of the engine's JSON (VmMapper). */
export function parseVm(object: unknown): Parsed<EngineVm> {
  const plain = readPlainVm(object);
  return plain === undefined ? judgeVm(object) : { record: plain };
}

/** Reads a VM by the schema alone. */
export function judgeVm(object: unknown): Parsed<EngineVm> {
  return parsed('vm', VM, object);
}

function parsed<Record>(kind: string, schema: z.ZodType<Record>, object: unknown): Parsed<Record> {
  const result = schema.safeParse(object);
  if (result.success) return { record: result.data };
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return { odd: `${kind} ${nameOf(object)}: ${problems.join('; ')}` };
}

const NAMED = z.object({
  id: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
});

function nameOf(object: unknown): string {
  const named = NAMED.safeParse(object).data;
  const name = named?.id ?? named?.name;
  return name === undefined ? 'without id and name' : JSON.stringify(name.slice(0, MAX_QUOTED));
}
