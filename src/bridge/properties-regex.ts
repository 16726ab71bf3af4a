import type { UnitProperty } from '../domain/contract.js';
import { isPrintable } from '../lib/text.js';

/** The properties of a unit in the engine's syntax. */
export interface PropertiesRegex {
  /** `key=regex;key2=regex`, '' without properties. */
  readonly regex: string;
  /** What had to be left out, and why: the engine refuses a whole unit for one property that breaks its syntax. */
  readonly leftOut: readonly { readonly property: string; readonly reason: string }[];
}

/**
 * Writes properties as the engine reads them: CustomPropertiesUtils.VALIDATION_STR, a key of `[a-zA-Z0-9_]+`, then `=`,
 * then any characters but `;`.
 */
export function propertiesRegex(
  properties: readonly UnitProperty[],
  maxPatternLength: number,
): PropertiesRegex {
  const parts = new Map<string, string>();
  const leftOut: { property: string; reason: string }[] = [];
  for (const { name, pattern } of properties) {
    const reason = parts.has(name) ? 'there are two of that name' : whyUnfit(name, pattern, maxPatternLength);
    if (reason === undefined) parts.set(name, `${name}=${pattern}`);
    else leftOut.push({ property: name, reason });
  }
  return { regex: [...parts.values()].join(';'), leftOut };
}

function whyUnfit(name: string, pattern: string, maxPatternLength: number): string | undefined {
  if (!/^[a-zA-Z0-9_]+$/.test(name)) return 'its name holds more than letters, digits and underscores';
  if (pattern.includes(';')) return 'its pattern holds a semicolon, at which the engine splits';
  if (!isPrintable(pattern)) return 'its pattern holds a control character';
  if (pattern.length > maxPatternLength) return `its pattern is longer than ${maxPatternLength} characters`;
  return undefined;
}
