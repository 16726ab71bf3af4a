import type { PolicyUnit } from '../domain/contract.js';
import type { Member } from './member.js';

/** What a member's allow-list and renames are matched against. */
type Entries = Pick<Member, 'units' | 'renames'>;

/** Says of which offered names a member's units are taken. */
export function allowList({ units }: Pick<Member, 'units'>): (offeredName: string) => boolean {
  if (units === undefined) return () => true;
  const allowed = new Set(units);
  return (offeredName) => allowed.has(offeredName);
}

/** What the unit of that offered name is called here. */
export function nameHere({ renames }: Pick<Member, 'renames'>, offeredName: string): string {
  return renames?.get(offeredName) ?? offeredName;
}

/** Entries of a member's allow-list and renames that match none of the units that it offers: misspelt, or outdated. */
export function unmatchedEntries(
  { units = [], renames = new Map<string, string>() }: Entries,
  offered: readonly PolicyUnit[],
): { readonly units: readonly string[]; readonly rename: readonly string[] } {
  const names = new Set(offered.map(({ name }) => name));
  const isUnmatched = (name: string) => !names.has(name);
  return { units: units.filter(isUnmatched), rename: [...renames.keys()].filter(isUnmatched) };
}
