/** An object of parsed JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Reports whether a value of parsed JSON is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
