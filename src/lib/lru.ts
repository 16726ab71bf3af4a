/** A map of bounded size that evicts its least recently used entry. */
export interface Lru<Key, Value> {
  /** Returns the value of a key and marks it as used. */
  readonly get: (key: Key) => Value | undefined;
  readonly set: (key: Key, value: Value) => void;
  readonly delete: (key: Key) => boolean;
  /** Returns the entries, least recently used first. */
  readonly entries: () => IterableIterator<[Key, Value]>;
  readonly size: () => number;
}

/** Creates an empty map of at most `max` entries. */
export function createLru<Key, Value>(max: number): Lru<Key, Value> {
  const map = new Map<Key, Value>();
  let newest: Key | undefined;

  function put(key: Key, value: Value): void {
    newest = key;
    map.delete(key);
    map.set(key, value);
    if (map.size <= max) return;
    for (const oldest of map.keys()) {
      map.delete(oldest);
      return;
    }
  }

  return {
    get(key) {
      const value = map.get(key);
      // A map whose entries are deleted and added again in each call makes collecting garbage dear.
      if (value !== undefined && key !== newest) put(key, value);
      return value;
    },
    set: put,
    delete: (key) => map.delete(key),
    entries: () => map.entries(),
    size: () => map.size,
  };
}
