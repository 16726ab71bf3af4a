import { z } from 'zod';
import { SchedulingError } from '../domain/errors.js';

/** Any JSON value. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object; members that are undefined are left out, as the engine leaves out its nulls. */
export interface JsonObject {
  readonly [member: string]: JsonValue | undefined;
}

/**
 * Writes JSON as the engine does: indented by Jackson's default pretty printer, with a space before each colon, arrays on
 * the line where they begin, and `{ }` for an empty object.
 *
 * @param depth How many objects the value stands in; its first line is not indented.
 */
export function prettyJson(value: JsonValue, depth = 0): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) {
    return value.length === 0 ? '[ ]' : `[ ${value.map((item) => prettyJson(item, depth)).join(', ')} ]`;
  }
  const indent = '  '.repeat(depth);
  const members = Object.entries(value).flatMap(([key, member]) =>
    member === undefined ? [] : [`\n${indent}  ${JSON.stringify(key)} : ${prettyJson(member, depth + 1)}`],
  );
  return members.length === 0 ? '{ }' : `{${members.join(',')}\n${indent}}`;
}

function isArray(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/**
 * Parses what came from outside by a schema. Throws INVALID_ARGUMENT that names each wrong field by its path, as in
 * `latency.ms: expected number, got string`, behind the name of the source if there is one.
 */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  source?: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${z.core.toDotPath(path)}: ${message}`,
  );
  throw new SchedulingError(
    'INVALID_ARGUMENT',
    `${source === undefined ? '' : `${source}: `}${issues.join('; ')}`,
  );
}

/** Path under which the engine serves everything. */
export const ENGINE_PATH = '/ovirt-engine';

/** A collection of the REST API. */
export type Collection = 'hosts' | 'vms' | 'events' | 'clusters' | 'templates';

/** Returns the path of an object in the REST API. */
export function apiHref(collection: Collection, id: string): string {
  return `${ENGINE_PATH}/api/${collection}/${id}`;
}

/** Returns the reference that stands wherever one object names another. */
export function apiLink(collection: Collection, id: string): JsonObject {
  return { href: apiHref(collection, id), id };
}

/** Returns the links below an object, as every object carries them in `link` and `actions.link`. */
export function subLinks(href: string, names: readonly string[]): readonly JsonObject[] {
  return names.map((rel) => ({ href: `${href}/${rel}`, rel }));
}
