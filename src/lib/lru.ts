/** A map of bounded size: when it is full, the entry that was used longest ago makes room. */
export interface Lru<Key, Value> {
  /** Returns the value of a key and marks the entry as used. */
  readonly get: (key: Key) => Value | undefined;
  readonly set: (key: Key, value: Value) => void;
  readonly delete: (key: Key) => boolean;
  /** Returns the entries, the one used longest ago first. */
  readonly entries: () => IterableIterator<[Key, Value]>;
  readonly size: () => number;
}

/** Creates an empty map of at most `max` entries. */
export function createLru<Key, Value>(max: number): Lru<Key, Value> {
  const map = new Map<Key, Value>();

  function put(key: Key, value: Value): void {
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
      if (value !== undefined) put(key, value);
      return value;
    },
    set: put,
    delete: (key) => map.delete(key),
    entries: () => map.entries(),
    size: () => map.size,
  };
}
