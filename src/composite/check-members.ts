import { SchedulingError } from '../domain/errors.js';
import type { Member } from './member.js';
import { unitNameSchema } from './offered-units.js';

/** Checks what a composite is to be made of. Throws INVALID_ARGUMENT, naming the member and the field. */
export function checkMembers(members: readonly Member[]): void {
  const seen = new Set<string>();
  for (const { name, deadlineMs, units = [], renames = new Map<string, string>() } of members) {
    const where = `service ${JSON.stringify(name)}`;
    if (name === '') throw invalid(where, 'expected a name, got ""');
    if (seen.has(name)) throw invalid(where, 'two services have this name; rename one');
    seen.add(name);
    if (deadlineMs !== undefined && !(deadlineMs >= 1)) {
      throw invalid(where, `deadline: expected 1 ms or more, got ${deadlineMs}`);
    }
    for (const unit of units) checkName(unit, `${where}: units`);
    for (const [offered, here] of renames) {
      checkName(offered, `${where}: rename`);
      checkName(here, `${where}: rename[${JSON.stringify(offered)}]`);
    }
  }
}

function checkName(name: string, where: string): void {
  const parsed = unitNameSchema.safeParse(name);
  if (!parsed.success) throw invalid(where, parsed.error.issues[0]?.message ?? 'not a name');
}

function invalid(where: string, problem: string): SchedulingError {
  return new SchedulingError('INVALID_ARGUMENT', `${where}: ${problem}`);
}
