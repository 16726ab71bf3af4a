import { askedHosts, type AskedHosts } from './asked-hosts.js';

/** How many lists of hosts are remembered: about as many as an engine has clusters that it asks for all the time. */
export const MAX_RECENT_LISTS = 8;

/**
 * Remembers the lists of hosts that were asked for last, so that what was made of one serves the next request for the same
 * hosts, which is nearly always. A list is known by its ids: each request brings an array of its own.
 */
export function createRecentHosts(maxLists = MAX_RECENT_LISTS): (hostIds: readonly string[]) => AskedHosts {
  /** The oldest first. */
  const recent: { readonly as: readonly string[]; readonly asked: AskedHosts }[] = [];
  return (hostIds) => {
    const at = recent.findIndex(({ as }) => isSame(as, hostIds));
    const [known] = at < 0 ? [] : recent.splice(at, 1);
    // Copied, since the caller may change its own.
    const entry = known ?? { as: [...hostIds], asked: askedHosts(hostIds) };
    if (recent.push(entry) > maxLists) recent.shift();
    return entry.asked;
  };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
