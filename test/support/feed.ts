import type { Snapshot } from '../../src/domain/snapshot.js';
import { createFeed, type WritableFeed } from '../../src/inventory/feed.js';

/** Creates the feed of an inventory that has this snapshot, without reservations. */
export function feedOf(snapshot: Snapshot): WritableFeed {
  const feed = createFeed({
    ...{ current: () => snapshot, listReservations: () => [], steady: performance },
    use: () => undefined,
  });
  feed.update({ snapshot, delta: undefined, began: performance.now() });
  return feed;
}
