import type { UnitProperty } from '../domain/contract.js';

/** Returns a text for each property that none of the units reads, such as a mistyped one. */
export function unreadProperties(
  given: Iterable<string>,
  units: readonly { readonly properties: readonly Pick<UnitProperty, 'name'>[] }[],
): readonly string[] {
  const known = new Set(units.flatMap(({ properties }) => properties.map(({ name }) => name)));
  const names = [...known].join(', ') || 'none';
  return [...given].filter((key) => !known.has(key)).map((key) => `reads ${key}; they read: ${names}`);
}
