import { z } from 'zod';
import type { PolicyUnit } from '../contract.js';
import { offeredUnitSchema } from './offered-units.js';

/** What is remembered of one service. */
export interface RememberedService {
  /** When it listed these units for the first time: milliseconds since the epoch. */
  readonly listedAt: number;
  /** Its units as it offers them, before any renaming. */
  readonly units: readonly PolicyUnit[];
}

/** What is remembered, by the name of the service. */
export type CatalogueContent = ReadonlyMap<string, RememberedService>;

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

/** The text of a catalogue file. */
export function formatCatalogue(content: CatalogueContent): string {
  const services = Object.fromEntries(
    [...content].map(
      ([name, { listedAt, units }]) => [name, { listedAt: new Date(listedAt).toISOString(), units }] as const,
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

function parseWith<Parsed>(schema: z.ZodType<Parsed>, value: unknown): Parsed {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error([...(issue?.path ?? []), issue?.message ?? 'not a catalogue'].join(': '));
}
