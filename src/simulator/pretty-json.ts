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
