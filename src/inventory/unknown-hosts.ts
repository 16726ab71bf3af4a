import { createLru } from '../lib/lru.js';
import type { Clock } from '../lib/timers.js';

/** Time for which a host that the engine did not have is not read for again, in ms. Every usual reading looks for it anyway. */
export const HOST_DENIED_INTERVAL = 30_000;

/** Most unknown hosts that are remembered: those of a call of the usual limit. */
export const MAX_UNKNOWN_HOSTS = 10_000;

/** Largest share of a call's time that it waits for unknown hosts: the others can be answered without. */
export const HOST_WAIT_SHARE = 0.1;

/**
 * Creates a function that reports whether no reading has looked for one of these hosts yet, or not for long. `hasReadSince`
 * tells of a time by the monotonic clock.
 */
export function createUnknownHosts(
  steady: Clock,
  hasReadSince: (time: number) => boolean,
): (hostIds: readonly string[]) => boolean {
  /** Times of the first question. */
  const unknownSince = createLru<string, number>(MAX_UNKNOWN_HOSTS);
  return (hostIds) => {
    const now = steady.now();
    let worth = false;
    for (const id of hostIds) {
      const since = unknownSince.get(id);
      const isFresh = since !== undefined && now - since < HOST_DENIED_INTERVAL;
      if (isFresh && hasReadSince(since)) continue;
      if (!isFresh) unknownSince.set(id, now);
      worth = true;
    }
    return worth;
  };
}
