import { z } from 'zod';
import type { PolicyUnit } from '../domain/contract.js';
import { offeredUnitSchema } from './offered-units.js';

/** What is remembered of one service. */
export interface RememberedService {
  /** When it listed these units for the first time: milliseconds since the epoch; {@link NEVER}: not since it was forgotten. */
  readonly listedAt: number;
  /** Its units as it offers them, before any renaming. */
  readonly units: readonly PolicyUnit[];
}

/** What is remembered, by the name of the service. */
export type CatalogueContent = ReadonlyMap<string, RememberedService>;

/** The time of a listing that has not been. */
export const NEVER = 0;

/**
 * Says whether a service was forgotten. Its entry stays in the file, so that every process that uses the file can tell a
 * service that was forgotten from one that another process has not configured.
 */
export function isForgotten({ listedAt, units }: RememberedService): boolean {
  return listedAt === NEVER && units.length === 0;
}

/** The version of the file that this program writes, and the only one that it reads. */
const VERSION = 1;

const versionSchema = z.object({ version: z.literal(VERSION, `expected version ${VERSION}`) });

const fileSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      listedAt: z.iso.datetime().transform((text) => Date.parse(text)),
      units: z.array(offeredUnitSchema),
    }),
  ),
});

/** The text of a catalogue file, services by name. */
export function formatCatalogue(content: CatalogueContent): string {
  const services = Object.fromEntries(
    [...content]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(
        ([name, { listedAt, units }]) =>
          [name, { listedAt: new Date(listedAt).toISOString(), units }] as const,
      ),
  );
  return `${JSON.stringify({ version: VERSION, services }, undefined, 2)}\n`;
}

/** Reads the text of a catalogue file. Throws an Error that says in one line what is wrong with it. */
export function parseCatalogue(text: string): CatalogueContent {
  const file: unknown = JSON.parse(text);
  // First, since a file of another version may look different altogether.
  parseWith(versionSchema, file);
  return new Map(Object.entries(parseWith(fileSchema, file).services));
}

/**
 * Says whether two catalogues remember the same units. The order of units and the times of listings don't count: processes
 * that share a file differ in these, and would write it in turns for ever.
 */
export function isSameCatalogue(left: CatalogueContent, right: CatalogueContent): boolean {
  return fingerprint(left) === fingerprint(right);
}

function fingerprint(content: CatalogueContent): string {
  const services = [...content].map(([name, service]) => [
    name,
    isForgotten(service),
    service.units.map((unit) => JSON.stringify(unit)).sort(),
  ]);
  return JSON.stringify(services.map((service) => JSON.stringify(service)).sort());
}

function parseWith<Parsed>(schema: z.ZodType<Parsed>, value: unknown): Parsed {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error([...(issue?.path ?? []), issue?.message ?? 'not a catalogue'].join(': '));
}
