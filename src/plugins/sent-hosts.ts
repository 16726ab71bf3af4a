import type { AskedHosts } from './asked-hosts.js';

/** How many lists of hosts a plugin's process holds. Few, since every process that is forked shares them. */
export const MAX_SENT_LISTS = 4;

/** What to tell a plugin's process before a call for a list of hosts. */
export interface HostsToSend {
  /** Number of the list. */
  readonly id: number;
  /** Whether the process doesn't hold it yet. */
  readonly isNew: boolean;
  /** The list that makes room for it. */
  readonly forget?: number;
}

/** Keeps account of the lists of hosts that a plugin's process holds: those asked for last. */
export function createSentHosts(maxLists = MAX_SENT_LISTS): (hosts: AskedHosts) => HostsToSend {
  /** The one used longest ago first. */
  const held = new Map<AskedHosts, number>();
  let nextId = 0;
  return (hosts) => {
    const known = held.get(hosts);
    held.delete(hosts);
    const id = known ?? nextId++;
    held.set(hosts, id);
    if (held.size <= maxLists) return { id, isNew: known === undefined };
    const [[oldest, forget] = [hosts, id]] = held;
    held.delete(oldest);
    return { id, isNew: true, forget };
  };
}
