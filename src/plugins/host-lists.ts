import { hostListOf, isSameList, type HostList } from '../domain/host-list.js';
import { createLru } from '../lib/lru.js';

/** How many lists of hosts are remembered: about as many as an engine has clusters that it asks about all the time. */
export const MAX_RECENT_LISTS = 8;

/** How many lists of hosts a plugin's process holds. Few, since every process that is forked shares them. */
export const MAX_SENT_LISTS = 4;

/** The hosts of a request as plugins are told of them and name them. */
export interface AskedHosts {
  /** Each once, in the order asked. */
  readonly ids: readonly string[];
  /** Returns the place of an id among `ids`, letters of either case; undefined for a host that was not asked for. */
  readonly placeOf: HostList['placeOf'];
  /** Returns the ids as a JSON array. */
  readonly json: () => Buffer;
  /** Returns the usual answer of do_score without its values. */
  readonly scoreFrame: () => ScoreFrame;
}

/** The usual answer of do_score without its values: `[('a', ), ('b', ` for two hosts. */
export interface ScoreFrame {
  readonly bytes: Buffer;
  /** Where in it the value of each host belongs. */
  readonly ends: Uint32Array;
}

/**
 * Creates a memory of the lists of hosts that were asked about last, so that what was made of one serves the next request
 * about the same hosts, which is nearly always. A list is known by its ids: each request brings an array of its own.
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

/** Returns the hosts of a request, of which some may stand twice. */
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

/** What to tell a plugin's process before a call about a list of hosts. */
export interface HostsToSend {
  /** Number of the list. */
  readonly id: number;
  /** Whether the process doesn't hold it yet. */
  readonly isNew: boolean;
  /** Number of the list that makes room for it. */
  readonly forget?: number | undefined;
}

/** Creates the account of the lists of hosts that a plugin's process holds: those asked about last. */
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
