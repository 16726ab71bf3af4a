import type { InventorySettings } from '../config/sections.js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { Vm } from '../domain/snapshot.js';
import { runWithin, waitFor } from '../lib/deadline.js';
import { createLimiter } from '../lib/limiter.js';
import { createLru } from '../lib/lru.js';
import type { After, Clock } from '../lib/timers.js';
import { UNKNOWN_INTERVAL } from './refresher.js';

/** Time for which a VM found is remembered, in ms: one that is about to start is asked for many times. */
export const FOUND_INTERVAL = 10_000;

/** Most remembered answers: no more VMs than that start within {@link FOUND_INTERVAL}. */
export const MAX_LOOKUPS = 10_000;

/** Most parallel look-ups: each takes a thread of the engine. */
export const MAX_CONCURRENT_LOOKUPS = 8;

/** Most waiting look-ups: as many as get their turn within 2 s if the engine answers within 16 ms. */
export const MAX_WAITING_LOOKUPS = 1_000;

/** Look-up of single VMs: asks the engine for each id once at a time, and not again while the answer is remembered. */
export interface VmLookup {
  /** Finds a VM. Resolves to undefined if the engine has none. Rejects with a SchedulingError. */
  readonly find: (id: string, call: Call) => Promise<Vm | undefined>;
  /** Cancels the look-ups under way. */
  readonly close: () => void;
}

/** Options of a look-up. */
export interface VmLookupOptions {
  /** Asks the engine on behalf of a call. Rejects with a SchedulingError. */
  readonly get: (id: string, signal: AbortSignal, requestId: string) => Promise<Vm | undefined>;
  readonly settings: Pick<InventorySettings, 'lookupTimeout'>;
  /** Monotonic clock. */
  readonly steady: Clock;
  readonly after: After;
}

interface Entry {
  readonly answer: Promise<Vm | undefined>;
  /** Time by the monotonic clock until which the answer holds, in ms. */
  until: number;
}

/** Creates a look-up. */
export function createVmLookup({ get, settings, steady, after }: VmLookupOptions): VmLookup {
  const { lookupTimeout } = settings;
  const entries = createLru<string, Entry>(MAX_LOOKUPS);
  const limiter = createLimiter({
    maxRunning: MAX_CONCURRENT_LOOKUPS,
    maxWaiting: MAX_WAITING_LOOKUPS,
    full,
  });
  const closing = new AbortController();

  function ask(id: string, requestId: string): Entry {
    // Before it is remembered.
    if (limiter.size() >= MAX_CONCURRENT_LOOKUPS + MAX_WAITING_LOOKUPS) throw full(limiter.size());
    const answer = runWithin((signal) => limiter.run(() => get(id, signal, requestId), signal), {
      signal: closing.signal,
      ms: lookupTimeout,
      after,
      late: () => late(id),
    });
    const entry: Entry = { answer, until: Infinity };
    const holdFor = (ms: number) => (entry.until = steady.now() + ms);
    answer.then(
      (vm) => holdFor(vm === undefined ? UNKNOWN_INTERVAL : FOUND_INTERVAL),
      () => holdFor(UNKNOWN_INTERVAL),
    );
    entries.set(id, entry);
    return entry;
  }

  function late(id: string): SchedulingError {
    return new SchedulingError(
      'UNAVAILABLE',
      `vm ${id}: the engine did not answer within ${lookupTimeout} ms (inventory.lookupTimeout)`,
    );
  }

  return {
    async find(id, call) {
      const known = entries.get(id);
      const entry = known !== undefined && steady.now() < known.until ? known : ask(id, call.requestId);
      try {
        return await waitFor(entry.answer, call.signal);
      } catch (thrown) {
        throw SchedulingError.from(thrown);
      }
    },
    close() {
      closing.abort(new SchedulingError('CANCELLED', 'the inventory is closed'));
    },
  };
}

function full(size: number): SchedulingError {
  return new SchedulingError(
    'RESOURCE_EXHAUSTED',
    `${size} look-ups of VMs are under way already; ask again later`,
  );
}
