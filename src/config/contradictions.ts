import { readingLimit } from './sections.js';
import type { Config } from './schema.js';
import { formatValue, type ValueKind } from './values.js';

/** Bytes of a host id in a message: 36 characters, its tag and its length. */
const ID_BYTES = 38;

/** Most host ids in a body of 2 MiB (src/bridge/request.ts), each an XML value of 36 characters and 32 around it. */
export const MAX_XML_HOST_IDS = 30_000;

/** Two settings of which the first can't be more than the second allows. */
interface Pair {
  readonly path: string;
  readonly value: number;
  readonly most: number;
  readonly kind: ValueKind;
  /** Reason, which names the other setting, after `path: value is`. */
  readonly because: string;
}

/**
 * Returns a line for each setting that another one keeps from taking effect. Only settings that somebody wrote count: a
 * default gives way by itself.
 */
export function contradictions(config: Config, isWritten: (path: string) => boolean): readonly string[] {
  return pairsOf(config)
    .filter(({ path, value, most }) => value > most && isWritten(path))
    .map(({ path, value, most, kind, because }) => {
      const [written, limit] = [value, most].map((one) => String(formatValue(kind, one)));
      return `${path}: ${written} is ${because}; set at most ${limit}, or raise the other`;
    });
}

function pairsOf({ engine, inventory, balancing, bridge, server }: Config): readonly Pair[] {
  const { requestTimeout } = engine;
  const { maxStaleness } = inventory;
  const inRequest = `longer than engine.requestTimeout (${shown(requestTimeout)}), which would end it before`;
  return [
    {
      path: 'engine.requestTimeout',
      value: requestTimeout,
      most: readingLimit(inventory),
      kind: 'duration',
      because: `longer than a third of inventory.maxStaleness (${shown(maxStaleness)}), in which a reading of the engine has to end`,
    },
    ...(['connectTimeout', 'responseTimeout'] as const).map((key): Pair => ({
      path: `engine.${key}`,
      value: engine[key],
      most: requestTimeout,
      kind: 'duration',
      because: inRequest,
    })),
    {
      path: 'inventory.lookupTimeout',
      value: inventory.lookupTimeout,
      most: requestTimeout,
      kind: 'duration',
      because: inRequest,
    },
    {
      path: 'balancing.maxSnapshotAge',
      value: balancing.maxSnapshotAge,
      most: maxStaleness,
      kind: 'duration',
      because: `longer than inventory.maxStaleness (${shown(maxStaleness)}), from which a snapshot is not used at all`,
    },
    {
      path: 'server.maxHostIds',
      value: server.maxHostIds,
      most: Math.floor(server.maxMessageSize / ID_BYTES),
      kind: 'plain',
      because: `more than fit into server.maxMessageSize (${String(formatValue('size', server.maxMessageSize))})`,
    },
    {
      path: 'bridge.maxHostIds',
      value: bridge.maxHostIds,
      most: MAX_XML_HOST_IDS,
      kind: 'plain',
      because: 'more than fit into a body of 2 MiB, the most that the bridge reads',
    },
  ];
}

function shown(ms: number): string {
  return String(formatValue('duration', ms));
}
