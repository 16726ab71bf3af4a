import { z } from 'zod';
import type { PolicyUnit } from '../domain/contract.js';
import { oneLine, reasonOf } from '../lib/text.js';
import type { StateDir } from '../process/state-dir.js';

/** A unit in nobody's last listing, which its last owner keeps for a while. */
export interface GoneUnit {
  readonly unit: PolicyUnit;
  /** Since when nobody lists it: milliseconds since the epoch. */
  readonly since: number;
}

/** What is remembered of one source of units. */
export interface RememberedService {
  /** Its last successful listing: milliseconds since the epoch. */
  readonly listedAt: number;
  /** The units of that listing, as offered: before any renaming. */
  readonly units: readonly PolicyUnit[];
  readonly gone: readonly GoneUnit[];
}

/** The units that are remembered, by the name of their source. */
export type Registry = ReadonlyMap<string, RememberedService>;

/** Name of the file in `state.dir`. */
export const REGISTRY_FILE = 'registry.json';

/** Largest registry that is read or written: bytes. A thousand units of ten properties each stay well below 4 MiB. */
export const MAX_REGISTRY_BYTES = 16 * 1024 * 1024;

/** The version of the file that this program writes, and the only one that it reads. */
const VERSION = 2;

const versionSchema = z.object({ version: z.literal(VERSION, `expected version ${VERSION}`) });

const time = z.iso.datetime().transform((text) => Date.parse(text));

const described = {
  name: z.string().min(1),
  description: z.string(),
  properties: z.array(
    z.object({ name: z.string(), pattern: z.string(), defaultValue: z.string(), description: z.string() }),
  ),
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
  services: z.record(
    z.string(),
    z.object({
      listedAt: time,
      units: z.array(unitSchema),
      gone: z.array(z.object({ unit: unitSchema, since: time })),
    }),
  ),
});

/** Returns the text of a registry file, services by name. */
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

/** Parses the text of a registry file. Throws an Error that says in one line what is wrong with it. */
export function parseRegistry(text: string): Registry {
  const file: unknown = JSON.parse(text);
  // First, since a file of another version may look different altogether.
  parseWith(versionSchema, file);
  return new Map(Object.entries(parseWith(fileSchema, file).services));
}

/** Reads the registry in `state.dir`; empty when there is none. One that is corrupt is set aside. */
export async function readRegistry(stateDir: Pick<StateDir, 'read' | 'setAside'>): Promise<Registry> {
  const text = await stateDir.read(REGISTRY_FILE, MAX_REGISTRY_BYTES);
  if (text === undefined) return new Map();
  try {
    return parseRegistry(text);
  } catch (error) {
    await stateDir.setAside(REGISTRY_FILE, oneLine(reasonOf(error), 200));
    return new Map();
  }
}

/** Writes the registry into `state.dir`. Returns whether it was written; only the owner of the folder writes. */
export function writeRegistry(stateDir: Pick<StateDir, 'write'>, registry: Registry): Promise<boolean> {
  return stateDir.write(REGISTRY_FILE, formatRegistry(registry), MAX_REGISTRY_BYTES);
}

/** A unit to forget, as its source offers it, of one source or of all. */
export interface ForgetRequest {
  readonly type: PolicyUnit['type'];
  readonly name: string;
  readonly service?: string | undefined;
}

/** What came of a request to forget a unit. Both lists are empty when nobody is remembered to have it. */
export interface ForgetAnswer {
  /** Sources of which it was forgotten. */
  readonly forgotten: readonly string[];
  /** Sources that list it now: there it would come back at once, and so it stays. */
  readonly listed: readonly string[];
}

/** Reports whether a source lists a unit at the moment, so that to forget it is in vain. */
export type ListedNow = (service: string, unit: PolicyUnit) => boolean;

/** Returns a registry without a unit, and what was done. The registry itself when nothing is forgotten. */
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

/** Returns the line that asks the owner of `state.dir` to forget a unit. */
export function formatForgetRequest(request: ForgetRequest): string {
  return JSON.stringify({ forget: request });
}

/** Answers such a line with a line, for the owner of `state.dir`. What it can't do stands in the answer; it never throws. */
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

/** Parses the line that answers a request. Throws an Error with the reason when it could not be done. */
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
