import { expect } from 'chai';
import fc from 'fast-check';
import { SchedulingError } from '../../src/domain/errors.js';
import type { InventoryFeed, SeenPlacement } from '../../src/domain/inventory-feed.js';
import { createReplica, MAX_REWATCH_PAUSE, type Reader } from '../../src/inventory/replica.js';
import { waitFor } from '../../src/lib/deadline.js';
import { createPartReader } from '../../src/rpc/message/watch.js';
import { createStepLog } from '../../src/rpc/step-log.js';
import { vmId } from './engine-world.js';
import { createFakeTime, settle } from './fake-time.js';
import { createRecordedLog } from './recorded-log.js';
import { createScriptedClient, scriptedHost, scriptedVm } from './scripted-client.js';
import { createInventory } from '../../src/inventory/inventory.js';
import { inventorySection } from '../../src/config/sections.js';

const HOSTS = [1, 2, 3].map((n) => `72877001-6012-4921-bdd2-3ff17043083${n}`);
const SECOND = 1000;

/** The few VMs that run, by their numbers. */
type World = ReadonlyMap<number, { readonly hostId: string; readonly status: string }>;

/** The VMs that changed to a host from one world to the next, as text. */
const changesTo = (before: World, after: World): string[] =>
  [...after]
    .filter(([n, { hostId }]) => before.get(n)?.hostId !== hostId)
    .map(([n, { hostId }]) => `${vmId(n)} ${hostId}`)
    .sort();

/** Watches a feed as over the wire, until it is cut. */
function watcherOf(feed: InventoryFeed, time: ReturnType<typeof createFakeTime>, closing: AbortSignal) {
  const log = createStepLog(feed, { closing, after: time.after, maxBytes: 1 });
  let cut = new AbortController();
  const watch: Reader['watch'] = async ({ from }, { signal }, onPart) => {
    cut = new AbortController();
    const cursor = log.open(from);
    const read = createPartReader();
    const ended = AbortSignal.any([signal, cut.signal]);
    try {
      for (;;) {
        ended.throwIfAborted();
        const bytes = cursor.next();
        if (bytes === undefined) await waitFor(cursor.changed(), ended);
        else onPart(read(bytes));
      }
    } finally {
      cursor.close();
    }
  };
  return { watch, cut: () => cut.abort(new SchedulingError('UNAVAILABLE', 'the connection was cut')) };
}

describe('onPlacement', () => {
  const anyWorld = fc
    .dictionary(
      fc.constantFrom('1', '2', '3', '4', '5'),
      fc.record({ hostId: fc.constantFrom(...HOSTS), status: fc.constantFrom('up', 'paused') }),
    )
    .map((vms): World => new Map(Object.entries(vms).map(([n, vm]) => [Number(n), vm])));
  const anyStep = fc.record({ world: anyWorld, by: fc.constantFrom('events', 'a listing', 'after a cut') });

  it('tells once of each VM that any sequence of worlds shows on another host, of events, listings and a reader', async () => {
    const check = fc.asyncProperty(anyWorld, fc.array(anyStep, { maxLength: 10 }), async (first, steps) => {
      const time = createFakeTime();
      const client = createScriptedClient();
      const log = createRecordedLog();
      const clocks = { clock: time.clock, steady: time.clock, after: time.after, random: () => 0.5 };
      let eventId = 1;
      const show = (world: World) => (client.vms = [...world].map(([n, vm]) => scriptedVm(n, vm)));
      client.hosts = HOSTS.map((id, n) => scriptedHost({ id, name: `H${n}` }));
      client.events = [{ id: eventId, time: 1, code: 15, kind: 'host', objectId: undefined }];
      show(first);
      const settings = { ...inventorySection.parse({}), eventInterval: SECOND, relistInterval: 10 * SECOND };
      const reader = createInventory({ settings, client, log, ...clocks });
      const closing = new AbortController();
      const { watch, cut } = watcherOf(reader.feed, time, closing.signal);
      const unused = () => Promise.reject(new Error('unused'));
      const replica = createReplica({
        ...{ settings, log, ...clocks },
        reader: { watch, listVms: unused, reserve: unused, release: unused },
      });
      const told = [reader, replica].map(({ feed, current }) => {
        const seen: SeenPlacement[] = [];
        feed.onPlacement((one) => {
          expect(current().vm(one.vmId)?.hostId).to.equal(one.hostId);
          expect(one.at).to.equal(current().time);
          seen.push(one);
        });
        return seen;
      });
      reader.start();
      await settle();
      replica.start();
      await time.advance(SECOND);
      let before = first;
      for (const { world, by } of steps) {
        show(world);
        if (by === 'after a cut') cut();
        if (by !== 'a listing') {
          client.events = [
            ...client.events,
            ...[1, 2, 3, 4, 5].map((n) => ({
              ...{ id: ++eventId, time: time.clock.now(), code: 32 },
              ...{ kind: 'vm' as const, objectId: vmId(n) },
            })),
          ];
        }
        await time.advance(by === 'a listing' ? settings.relistInterval * 1.2 : MAX_REWATCH_PAUSE * 1.6);
        for (const seen of told) {
          expect(
            seen
              .splice(0)
              .map(({ vmId: id, hostId }) => `${id} ${hostId}`)
              .sort(),
            by,
          ).to.deep.equal(changesTo(before, world));
        }
        before = world;
      }
      await replica.close();
      closing.abort();
      await reader.close();
    });
    await fc.assert(check, { numRuns: 25 });
  });
});
