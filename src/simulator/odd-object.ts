import type { OddObjects } from './faults.js';
import type { JsonObject, JsonValue } from './pretty-json.js';

/** Whether the fault spoils the object that stands at this index of an answer. */
export function isOdd(fault: OddObjects | undefined, id: string, index: number): boolean {
  if (fault === undefined) return false;
  return fault.id === undefined ? index < fault.count : fault.id.toLowerCase() === id;
}

/** The object that stands at this index of an answer, spoilt if the fault spoils it. */
export function oddObject(
  fault: OddObjects | undefined,
  id: string,
  index: number,
  object: JsonObject,
): JsonValue {
  if (fault === undefined || !isOdd(fault, id, index)) return object;
  if (fault.replacement !== undefined) return fault.replacement;
  const removed = new Set(fault.remove);
  return Object.fromEntries(
    Object.entries({ ...object, ...fault.set }).filter(([member]) => !removed.has(member)),
  );
}
