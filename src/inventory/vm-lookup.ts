import type { InventorySettings } from '../config/sections.js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { Vm } from '../domain/snapshot.js';
import { runWithin, waitFor } from '../lib/deadline.js';
import { createLimiter } from '../lib/limiter.js';
import { createLru } from '../lib/lru.js';
import type { After, Clock } from '../lib/timers.js';
import { UNKNOWN_INTERVAL } from './refresher.js';

/** How long a VM that was looked up is remembered: milliseconds. One that is about to be started is asked about many times. */
export const FOUND_INTERVAL = 10_000;

/** How many answers are remembered: more VMs than that are not started within {@link FOUND_INTERVAL}. */
export const MAX_LOOKUPS = 10_000;

/** How many look-ups ask the engine at once: each takes a thread of it. */
export const MAX_CONCURRENT_LOOKUPS = 8;

/** How many more look-ups wait for their turn: as many as have one within 2 s, when an engine answers within 16 ms. */
export const MAX_WAITING_LOOKUPS = 1_000;

/** Asks the engine for single VMs: each id once at a time, and not again while its answer is remembered. */
export interface VmLookup {
  /** Undefined when the engine has none; rejects with a SchedulingError when it can't say. */
  readonly find: (id: string, call: Call) => Promise<Vm | undefined>;
  /** Ends the look-ups under way. */
  readonly close: () => void;
}

/** What a look-up is made of. */
export interface VmLookupOptions {
  /** Asks the engine, for the sake of a call; rejects with a SchedulingError. */
  readonly get: (id: string, signal: AbortSignal, requestId: string) => Promise<Vm | undefined>;
  readonly settings: Pick<InventorySettings, 'lookupTimeout'>;
  /** Has to be one that never goes back. */
  readonly steady: Clock;
  readonly after: After;
}

interface Entry {
  readonly answer: Promise<Vm | undefined>;
  /** Until when the answer holds, by the steady clock. */
  until: number;
}

/** Creates a look-up with nothing remembered. */
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
    // A refusal is no answer that is worth remembering.
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
