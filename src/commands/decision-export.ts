import { createHmac, randomBytes } from 'node:crypto';

/** Members of a decision in JSON that hold a name, or words in which there may be one. */
const NAMES = new Set(['vmName', 'hostName', 'reasons', 'message', 'failure']);

/** Members whose texts say nothing of whom they are about: words of the contract, times, names of units. */
const KEPT = new Set([
  ...['id', 'time', 'duration', 'face', 'method', 'snapshotTime', 'selector', 'scale'],
  ...['unit', 'direction', 'code', 'notFound', 'unmatched', 'eventId', 'regret'],
]);

/** Members that hold ids of VMs, hosts and clusters. */
const IDS = new Set([
  ...['vmId', 'hostId', 'clusterId', 'hostIds', 'unknownHostIds', 'candidateHostIds', 'winnerHostId'],
]);

/** Words that stand before a replaced text, by its member. */
const KINDS: Readonly<Record<string, string>> = {
  ...{ vmName: 'vm', hostName: 'host', vmOs: 'os' },
  properties: 'property',
};

/** Numbers and switches as values of properties: they are no one's name, as those of a VM that is called 4711 would be. */
const PLAIN = /^(?:[-+]?\d+(?:\.\d+)?|true|false)$/;

/** Member under which the values of properties are rewritten, whatever their keys are called. */
const PROPERTY_VALUE = 'value';

/** Returns a decision in JSON without the names of VMs and hosts, and without words that may hold some. */
export function withoutNames(value: unknown): unknown {
  return rewritten(value, '', (key, member) =>
    NAMES.has(key) && (typeof member === 'string' || Array.isArray(member)) ? undefined : member,
  );
}

/**
 * Returns a function that replaces ids, names and every other text of a decision in JSON that is no word of the contract: the
 * same one by the same each time, with a key that nobody knows, so that names can't be found by trying them.
 */
export function createAnonymiser(key: Buffer = randomBytes(32)): (value: unknown) => unknown {
  const replaced = (text: string, member: string): string => {
    const digest = createHmac('sha256', key).update(text).digest('hex');
    if (!IDS.has(member)) return `${KINDS[member] ?? 'text'}-${digest.slice(0, 12)}`;
    const [a, b, c, d, e] = [
      digest.slice(0, 8),
      digest.slice(8, 12),
      digest.slice(13, 16),
      digest.slice(17, 20),
      digest.slice(20, 32),
    ];
    return `${a}-${b}-4${c}-8${d}-${e}`;
  };
  return (value) =>
    rewritten(
      ...([value, ''] as const),
      (member, text) => {
        if (typeof text !== 'string' || text === '' || KEPT.has(member)) return text;
        if (member === PROPERTY_VALUE && PLAIN.test(text)) return text;
        return replaced(text, member);
      },
      (property) => replaced(property, 'properties'),
    );
}

/** Rewrites the members of a JSON value from the outside in, and the keys of properties; what becomes undefined is left out. */
function rewritten(
  value: unknown,
  key: string,
  change: (key: string, value: unknown) => unknown,
  rename: (property: string) => string = (property) => property,
): unknown {
  const changed = change(key, value);
  if (Array.isArray(changed)) return changed.map((item: unknown) => rewritten(item, key, change, rename));
  if (typeof changed !== 'object' || changed === null) return changed;
  return Object.fromEntries(
    Object.entries(changed).flatMap(([name, member]: [string, unknown]) => {
      // Keys of properties, like their values, are texts of whoever set them.
      const isProperty = key === 'properties';
      const result = rewritten(member, isProperty ? PROPERTY_VALUE : name, change, rename);
      return result === undefined ? [] : [[isProperty ? rename(name) : name, result]];
    }),
  );
}
