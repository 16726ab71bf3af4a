/** The hosts of a request, each once, in the order asked. */
export interface HostList {
  /** Ids in lower case; the request's own array if it has no duplicates. */
  readonly ids: readonly string[];
  /** Returns the index of an id in `ids`, or undefined if it was not asked for. */
  readonly placeOf: (id: string) => number | undefined;
}

/** Lists by array: a scheduler asks about the same hosts again and again, and a list never changes. */
const lists = new WeakMap<readonly string[], HostList>();

/** Returns the host list of an array of ids. The same array gives the same object, by which callers can cache. */
export function hostListOf(hostIds: readonly string[]): HostList {
  const known = lists.get(hostIds);
  if (known !== undefined) return known;
  const unique = new Set(hostIds);
  const ids = unique.size === hostIds.length ? hostIds : [...unique];
  let places: ReadonlyMap<string, number> | undefined;
  const list: HostList = {
    ids,
    placeOf(id) {
      places ??= new Map(ids.map((known, place) => [known, place]));
      return places.get(id);
    },
  };
  lists.set(hostIds, list);
  return list;
}

/** Reports whether two lists have the same ids in the same order. */
export function isSameList(left: readonly string[], right: readonly string[]): boolean {
  if (left === right) return true;
  if (left.length !== right.length) return false;
  for (let place = 0; place < left.length; place++) if (left[place] !== right[place]) return false;
  return true;
}
