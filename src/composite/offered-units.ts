import { z } from 'zod';
import type { PolicyUnit } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';

/** Longest name of a unit: the engine keeps names in a varchar(128) (packaging/dbscripts/create_tables.sql). */
const MAX_UNIT_NAME_LENGTH = 128;

/** A name that a unit may have. */
export const unitNameSchema = z
  .string()
  .min(1, 'expected a name, got ""')
  .max(MAX_UNIT_NAME_LENGTH, `expected a name of at most ${MAX_UNIT_NAME_LENGTH} characters`);

const described = {
  name: unitNameSchema,
  description: z.string(),
  properties: z.array(
    z.object({ name: z.string(), pattern: z.string(), defaultValue: z.string(), description: z.string() }),
  ),
};

/** A unit as a service offers it. */
export const offeredUnitSchema = z.discriminatedUnion('type', [
  z.object({
    ...described,
    type: z.literal('SCORE'),
    direction: z.enum(['HIGHER_IS_BETTER', 'LOWER_IS_BETTER']),
  }),
  z.object({ ...described, type: z.literal('FILTER') }),
  z.object({ ...described, type: z.literal('BALANCE') }),
]);

/** What tells units apart: type and name, as in `SCORE/ksm_same_os_score`. */
export function unitIdentity({ type, name }: Pick<PolicyUnit, 'type' | 'name'>): string {
  return `${type}/${name}`;
}

/** Checks what a service lists. Throws INTERNAL for a unit that can't be, one listed twice, or too many. */
export function readOfferedUnits(listed: unknown, maxUnits: number): readonly PolicyUnit[] {
  const parsed = z.array(offeredUnitSchema).safeParse(listed);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw badListing(`units[${issue?.path.join('.') ?? ''}]: ${issue?.message ?? 'no list of units'}`);
  }
  const units = parsed.data;
  if (units.length > maxUnits)
    throw badListing(`${units.length} units, at most ${maxUnits} are read (maxUnits)`);
  const seen = new Set<string>();
  for (const unit of units) {
    const identity = unitIdentity(unit);
    if (seen.has(identity)) throw badListing(`${identity} is listed twice`);
    seen.add(identity);
  }
  return units;
}

function badListing(problem: string): SchedulingError {
  return new SchedulingError('INTERNAL', `the service's list of units breaks the contract: ${problem}`);
}
