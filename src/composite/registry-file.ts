import { z } from 'zod';
import type { PolicyUnit } from '../domain/contract.js';
import { oneLine, reasonOf } from '../lib/text.js';
import type { StateDir } from '../process/state-dir.js';

/** A unit in no last listing, which its last owner keeps for a while. */
export interface GoneUnit {
  readonly unit: PolicyUnit;
  /** Time since which no service lists it, in ms since the epoch. */
  readonly since: number;
}

/** Record of a service. */
export interface RememberedService {
  /** Time of the last listing that changed the record, in ms since the epoch. */
  readonly listedAt: number;
  /** Units of that listing, before any renaming. */
  readonly units: readonly PolicyUnit[];
  readonly gone: readonly GoneUnit[];
}

/** Remembered services, by name. */
export type Registry = ReadonlyMap<string, RememberedService>;

/** Name of the file in `state.dir`. */
export const REGISTRY_FILE = 'registry.json';

/** Largest registry file, in bytes. A thousand units of ten properties each stay well below 4 MiB. */
export const MAX_REGISTRY_BYTES = 16 * 1024 * 1024;

/** Version of the file format, the only one that is read. */
const VERSION = 2;

const time = z.iso.datetime().transform((text) => Date.parse(text));

const described = {
  name: z.string().min(1),
  description: z.string(),
  properties: z.array(
    z.object({ name: z.string(), pattern: z.string(), defaultValue: z.string(), description: z.string() }),
  ),
  path: z.array(z.string()).exactOptional(),
  service: z.string().exactOptional(),
};

const unitSchema = z.discriminatedUnion('type', [
  z.object({
    ...described,
    type: z.literal('SCORE'),
    direction: z.enum(['HIGHER_IS_BETTER', 'LOWER_IS_BETTER']),
  }),
  z.object({ ...described, type: z.literal('FILTER') }),
  z.object({ ...described, type: z.literal('BALANCE') }),
]);

const fileSchema = z.object({
  // First, so that another version, which may look different altogether, is named as the reason.
  version: z.literal(VERSION, `expected version ${VERSION}`),
  services: z.record(
    z.string(),
    z.object({
      listedAt: time,
      units: z.array(unitSchema),
      gone: z.array(z.object({ unit: unitSchema, since: time })),
    }),
  ),
});

/** Formats a registry file, ordered by service. */
export function formatRegistry(registry: Registry): string {
  const services = Object.fromEntries(
    [...registry]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, { listedAt, units, gone }]) => [
        name,
        {
          listedAt: new Date(listedAt).toISOString(),
          units,
          gone: gone.map(({ unit, since }) => ({ unit, since: new Date(since).toISOString() })),
        },
      ]),
  );
  return `${JSON.stringify({ version: VERSION, services }, undefined, 2)}\n`;
}

/** Parses a registry file. Throws an Error with a message of one line. */
export function parseRegistry(text: string): Registry {
  return new Map(Object.entries(parseWith(fileSchema, JSON.parse(text)).services));
}

/** Reads the registry in `state.dir`, empty if there is none. Sets a corrupt one aside. */
export async function readRegistry(stateDir: Pick<StateDir, 'read' | 'setAside'>): Promise<Registry> {
  const text = await stateDir.read(REGISTRY_FILE, MAX_REGISTRY_BYTES);
  if (text === undefined) return new Map();
  try {
    return parseRegistry(text);
  } catch (error) {
    stateDir.setAside(REGISTRY_FILE, oneLine(reasonOf(error), 200));
    return new Map();
  }
}

/** Writes the registry into `state.dir`. Resolves to false if it was not written, such as by a process that doesn't own the folder. */
export function writeRegistry(stateDir: Pick<StateDir, 'write'>, registry: Registry): Promise<boolean> {
  return stateDir.write(REGISTRY_FILE, formatRegistry(registry), MAX_REGISTRY_BYTES);
}

/**
 * Merges the registry of a file into another one: of a service in both, the newer record is kept, the file's if they are
 * equally old, since a unit may have been forgotten there.
 */
export function mergeRegistries(registry: Registry, file: Registry): Registry {
  const merged = new Map(registry);
  for (const [service, record] of file) {
    if (record.listedAt >= (registry.get(service)?.listedAt ?? 0)) merged.set(service, record);
  }
  return merged;
}

/** Request to forget a unit, named as its service offers it, of one service or of all. */
export interface ForgetRequest {
  readonly type: PolicyUnit['type'];
  readonly name: string;
  readonly service?: string | undefined;
}

/** Answer to a request to forget a unit. Both lists are empty if no service is remembered to have it. */
export interface ForgetAnswer {
  /** Services of which it was forgotten. */
  readonly forgotten: readonly string[];
  /** Services that list it now, where it stays since it would come back at once. */
  readonly listed: readonly string[];
}

/** Reports whether a service lists a unit now, so that forgetting it is in vain. */
export type ListedNow = (service: string, unit: PolicyUnit) => boolean;

/** Removes a unit. Returns the registry itself if nothing is forgotten. */
export function forget(
  registry: Registry,
  { type, name, service }: ForgetRequest,
  listedNow: ListedNow,
): { readonly registry: Registry; readonly answer: ForgetAnswer } {
  const forgotten: string[] = [];
  const listed: string[] = [];
  const isMeant = (unit: PolicyUnit) => unit.type === type && unit.name === name;
  const kept = new Map(registry);
  for (const [source, remembered] of registry) {
    if ((service ?? source) !== source) continue;
    const unit = [...remembered.units, ...remembered.gone.map((gone) => gone.unit)].find(isMeant);
    if (unit === undefined) continue;
    if (listedNow(source, unit)) {
      listed.push(source);
      continue;
    }
    forgotten.push(source);
    kept.set(source, {
      ...remembered,
      units: remembered.units.filter((unit) => !isMeant(unit)),
      gone: remembered.gone.filter(({ unit }) => !isMeant(unit)),
    });
  }
  return { registry: forgotten.length === 0 ? registry : kept, answer: { forgotten, listed } };
}

const requestSchema = z.object({
  forget: z.object({
    type: z.enum(['FILTER', 'SCORE', 'BALANCE']),
    name: z.string().min(1),
    service: z.string().optional(),
  }),
});

const answerSchema = z.union([
  z.object({ forgotten: z.array(z.string()), listed: z.array(z.string()) }),
  z.object({ error: z.string() }),
]);

/** Formats a request as a line to the owner of `state.dir`. */
export function formatForgetRequest(request: ForgetRequest): string {
  return JSON.stringify({ forget: request });
}

/** Answers the line of a request. Never throws: an error is an answer too. */
export function answerForget(
  line: string,
  registry: Registry,
  listedNow: ListedNow,
): { readonly registry: Registry; readonly answer: string } {
  try {
    const request = parseWith(requestSchema, JSON.parse(line)).forget;
    const done = forget(registry, request, listedNow);
    return { registry: done.registry, answer: JSON.stringify(done.answer) };
  } catch (error) {
    return { registry, answer: JSON.stringify({ error: oneLine(reasonOf(error), 200) }) };
  }
}

/** Parses the line of an answer. Throws an Error with the reason if it is an error. */
export function parseForgetAnswer(line: string): ForgetAnswer {
  const answer = parseWith(answerSchema, JSON.parse(line));
  if ('error' in answer) throw new Error(answer.error);
  return answer;
}

function parseWith<Parsed>(schema: z.ZodType<Parsed>, value: unknown): Parsed {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error([...(issue?.path ?? []), issue?.message ?? 'of another form'].join(': '));
}
