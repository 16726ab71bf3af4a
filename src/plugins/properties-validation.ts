import type { UnitProperty } from '../domain/contract.js';
import { quoted } from '../lib/text.js';

/** The properties of a plugin's `properties_validation` that can be offered, and the problems of the others. */
export interface PropertiesRead {
  readonly properties: readonly UnitProperty[];
  readonly problems: readonly string[];
}

const KEY = /^[a-zA-Z0-9_]+$/;
const NEXT_KEY = /^\s*[a-zA-Z0-9_]+\s*=/;

/**
 * Parses both notations of the old proxy: `key=regex;key2=regex`, as in its samples and for the engine, and
 * `{key = regex, key2 = regex}`, as in its documentation. A separator counts only before a key, so that a regex may hold
 * commas, braces and semicolons; one with a semicolon is a problem, since the engine splits there
 * (CustomPropertiesUtils.VALIDATION_STR).
 */
export function parsePropertiesValidation(text: string): PropertiesRead {
  const trimmed = text.trim();
  const braces = trimmed.startsWith('{') && trimmed.endsWith('}');
  const parts = braces ? splitAtCommas(trimmed.slice(1, -1)) : splitAtSemicolons(trimmed);
  const properties: UnitProperty[] = [];
  const problems: string[] = [];
  for (const part of parts) {
    if (part.trim() === '') continue;
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(equals, 0)).trim();
    const pattern = braces ? part.slice(equals + 1).trim() : part.slice(equals + 1);
    if (!KEY.test(name))
      problems.push(`expected key=regex with a key of letters, digits and _, got ${quoted(part)}`);
    else if (pattern.includes(';'))
      problems.push(`${name}: the engine splits at ";", so that the regex ${quoted(pattern)} can't hold one`);
    else if (properties.some((property) => property.name === name))
      problems.push(`${name}: duplicate property`);
    else properties.push({ name, pattern, defaultValue: '', description: '' });
  }
  return { properties, problems };
}

function splitAtSemicolons(text: string): string[] {
  return splitWhere(text, ';', (rest) => rest.trim() === '' || NEXT_KEY.test(rest));
}

/** Splits at commas before a key, outside of classes, groups and quantifiers. */
function splitAtCommas(text: string): string[] {
  let depth = 0;
  let inClass = false;
  let escaped = false;
  const open = new Set<number>();
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (escaped) escaped = false;
    else if (char === '\\') escaped = true;
    else if (inClass) inClass = char !== ']';
    else if (char === '[') inClass = true;
    else if (char === '{' || char === '(') depth++;
    else if (char === '}' || char === ')') depth--;
    else if (char === ',' && depth <= 0) open.add(index);
  }
  return splitWhere(text, ',', (rest, at) => open.has(at) && (rest.trim() === '' || NEXT_KEY.test(rest)));
}

function splitWhere(
  text: string,
  separator: string,
  splits: (rest: string, at: number) => boolean,
): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + 1)) {
    if (!splits(text.slice(at + 1), at)) continue;
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  parts.push(text.slice(start));
  return parts;
}
