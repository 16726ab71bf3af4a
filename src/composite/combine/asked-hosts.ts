/** The hosts of a request, each once. */
export interface AskedHosts {
  /** In the order asked. The request's own array when no host stands in it twice. */
  readonly ids: readonly string[];
  /** Place of an id in `ids`; undefined: not asked for. Builds an index when it is first called. */
  readonly placeOf: (id: string) => number | undefined;
}

/** Reads the host ids of a request. */
export function askedHosts(hostIds: readonly string[]): AskedHosts {
  const unique = new Set(hostIds);
  const ids = unique.size === hostIds.length ? hostIds : [...unique];
  let places: ReadonlyMap<string, number> | undefined;
  return {
    ids,
    placeOf(id) {
      places ??= new Map(ids.map((known, place) => [known, place]));
      return places.get(id);
    },
  };
}
