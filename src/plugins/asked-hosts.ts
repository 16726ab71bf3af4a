/** The hosts of a request, each once. */
export interface AskedHosts {
  /** In the order asked. */
  readonly ids: readonly string[];
  /** Where a host stands among them; undefined for one that was not asked for. Letters of either case. */
  readonly indexOf: (id: string) => number | undefined;
  /** The ids as a JSON array. */
  readonly json: () => Buffer;
  /** What scanScores expects to find printed before each value. */
  readonly scoreFrame: () => ScoreFrame;
}

/** The usual answer of do_score without its values: `[('a', ), ('b', ` for two hosts. */
export interface ScoreFrame {
  readonly bytes: Buffer;
  /** Where in it the value of each host belongs. */
  readonly ends: Uint32Array;
}

/** Takes the hosts of a request, of which some may stand twice. */
export function askedHosts(hostIds: readonly string[]): AskedHosts {
  const indexes = new Map<string, number>();
  for (const id of hostIds) if (!indexes.has(id)) indexes.set(id, indexes.size);
  const ids = [...indexes.keys()];
  let json: Buffer | undefined;
  let scoreFrame: ScoreFrame | undefined;
  return {
    ids,
    indexOf: (id) => indexes.get(id) ?? indexes.get(id.toLowerCase()),
    json: () => (json ??= Buffer.from(JSON.stringify(ids))),
    scoreFrame: () => (scoreFrame ??= frameOf(ids)),
  };
}

function frameOf(ids: readonly string[]): ScoreFrame {
  const parts = ids.map((id, index) => Buffer.from(`${index === 0 ? '[' : '), '}('${id}', `));
  let end = 0;
  return { bytes: Buffer.concat(parts), ends: Uint32Array.from(parts, ({ length }) => (end += length)) };
}
