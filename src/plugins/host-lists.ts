import { hostListOf, isSameList, type HostList } from '../domain/host-list.js';
import { createLru } from '../lib/lru.js';

/** Number of cached host lists: about one for each cluster that an engine asks about all the time. */
export const MAX_RECENT_LISTS = 8;

/** Number of host lists that a plugin's process caches: few, since every fork shares them. */
export const MAX_SENT_LISTS = 4;

/** The hosts of a request, in the forms that calls to plugins need. */
export interface AskedHosts {
  /** Each once, in the order asked. */
  readonly ids: readonly string[];
  /** Returns the index of an id in `ids`, ignoring case, or undefined if it was not asked for. */
  readonly placeOf: HostList['placeOf'];
  /** Returns the ids as a JSON array. */
  readonly json: () => Buffer;
  /** Returns the usual output of do_score without its values. */
  readonly scoreFrame: () => ScoreFrame;
}

/** The usual output of do_score without its values: `[('a', ), ('b', ` for two hosts. */
export interface ScoreFrame {
  readonly bytes: Buffer;
  /** Offset in it of each host's value. */
  readonly ends: Uint32Array;
}

/**
 * Creates a cache of the latest host lists, since requests nearly always ask about the same hosts. Its key is the ids: each
 * request has an array of its own.
 */
export function createRecentHosts(): (hostIds: readonly string[]) => AskedHosts {
  const recent = createLru<readonly string[], AskedHosts>(MAX_RECENT_LISTS);
  return (hostIds) => {
    for (const [ids, asked] of recent.entries()) {
      if (!isSameList(ids, hostIds)) continue;
      recent.get(ids);
      return asked;
    }
    const asked = askedHosts(hostIds);
    recent.set(hostIds, asked);
    return asked;
  };
}

/** Returns the hosts of a request, which may have duplicates. */
export function askedHosts(hostIds: readonly string[]): AskedHosts {
  const { ids, placeOf } = hostListOf(hostIds);
  let json: Buffer | undefined;
  let scoreFrame: ScoreFrame | undefined;
  return {
    ids,
    placeOf: (id) => placeOf(id) ?? placeOf(id.toLowerCase()),
    json: () => (json ??= Buffer.from(JSON.stringify(ids))),
    scoreFrame: () => (scoreFrame ??= frameOf(ids)),
  };
}

function frameOf(ids: readonly string[]): ScoreFrame {
  const parts = ids.map((id, index) => Buffer.from(`${index === 0 ? '[' : '), '}('${id}', `));
  let end = 0;
  return { bytes: Buffer.concat(parts), ends: Uint32Array.from(parts, ({ length }) => (end += length)) };
}

/** Cache update for a plugin's process before a call with a host list. */
export interface HostsToSend {
  /** Number of the list. */
  readonly id: number;
  /** True when the process lacks the list. */
  readonly isNew: boolean;
  /** Number of the list to evict. */
  readonly forget?: number | undefined;
}

/** Creates a record of the latest host lists, which a plugin's process caches. */
export function createSentHosts(): (hosts: AskedHosts) => HostsToSend {
  const held = createLru<AskedHosts, number>(MAX_SENT_LISTS);
  let nextId = 0;
  return (hosts) => {
    const known = held.get(hosts);
    if (known !== undefined) return { id: known, isNew: false };
    const [oldest] = held.size() < MAX_SENT_LISTS ? [] : held.entries();
    const id = nextId++;
    held.set(hosts, id);
    return { id, isNew: true, forget: oldest?.[1] };
  };
}
