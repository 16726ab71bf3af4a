/** The hosts of a request, each once. */
export interface AskedHosts {
  /** In the order asked. */
  readonly ids: readonly string[];
  /** Where a host stands among them; undefined for one that was not asked for. Letters of either case. */
  readonly indexOf: (id: string) => number | undefined;
}

/** Takes the hosts of a request, of which some may stand twice. */
export function askedHosts(hostIds: readonly string[]): AskedHosts {
  const indexes = new Map<string, number>();
  for (const id of hostIds) if (!indexes.has(id)) indexes.set(id, indexes.size);
  return {
    ids: indexes.size === hostIds.length ? hostIds : [...indexes.keys()],
    indexOf: (id) => indexes.get(id) ?? indexes.get(id.toLowerCase()),
  };
}
