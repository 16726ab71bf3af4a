import { setMaxListeners } from 'node:events';
import { SchedulingError } from '../domain/errors.js';
import type { Call } from '../domain/contract.js';
import type { Vm } from '../domain/snapshot.js';
import { linkAbort, waitFor } from '../lib/deadline.js';
import type { After, Clock } from '../lib/timers.js';

/** How VMs are looked up one by one. Times in ms. */
export interface VmLookupLimits {
  /** How long one lookup may take, its wait for a free place included. */
  readonly lookupTimeout: number;
  /** How long a VM that was found is remembered. */
  readonly vmLookupTtl: number;
  /** How long it is remembered that the engine has no such VM, or could not say. */
  readonly unknownInterval: number;
  /** How many answers are remembered. */
  readonly maxVmLookups: number;
  /** How many lookups ask the engine at once. */
  readonly maxConcurrentLookups: number;
  /** How many more may wait for their turn. */
  readonly maxWaitingLookups: number;
}

/** Asks the engine for single VMs: each id once at a time, and not again while its answer is remembered. */
export interface VmLookup {
  /** Undefined when the engine has none; rejects with a SchedulingError when it can't say. */
  readonly find: (id: string, call: Call) => Promise<Vm | undefined>;
  /** Ends the lookups under way. */
  readonly close: () => void;
}

/** What a lookup is made of. */
export interface VmLookupOptions {
  /** Asks the engine, for the sake of a call; rejects with a SchedulingError. */
  readonly get: (id: string, signal: AbortSignal, requestId: string) => Promise<Vm | undefined>;
  readonly limits: VmLookupLimits;
  readonly clock: Clock;
  readonly after: After;
}

interface Entry {
  readonly answer: Promise<Vm | undefined>;
  /** When it was answered, and how long that holds; undefined while it is asked. */
  settled?: { readonly time: number; readonly holds: number };
}

/** Starts with nothing remembered. */
export function createVmLookup({ get, limits, clock, after }: VmLookupOptions): VmLookup {
  // In the order of asking, so that the first that is settled is the one to forget.
  const entries = new Map<string, Entry>();
  const closing = new AbortController();
  // As many lookups may follow it as are allowed to be under way.
  setMaxListeners(0, closing.signal);
  const waiting = new Set<() => void>();
  let asking = 0;

  async function find(id: string, call: Call): Promise<Vm | undefined> {
    let entry = entries.get(id);
    if (entry === undefined || isOver(entry)) entry = ask(id, call.requestId);
    return waitFor(entry.answer, call.signal).catch((thrown: unknown) => {
      throw SchedulingError.from(thrown);
    });
  }

  function isOver({ settled }: Entry): boolean {
    if (settled === undefined) return false;
    const age = clock.now() - settled.time;
    return age < 0 || age >= settled.holds;
  }

  function ask(id: string, requestId: string): Entry {
    if (asking >= limits.maxConcurrentLookups && waiting.size >= limits.maxWaitingLookups) {
      throw new SchedulingError(
        'RESOURCE_EXHAUSTED',
        `vm ${id}: ${asking + waiting.size} lookups of VMs are under way already; ask again later`,
      );
    }
    const entry: Entry = { answer: lookUp(id, requestId) };
    const settle = (holds: number) => {
      entry.settled = { time: clock.now(), holds };
      forgetSome();
    };
    entry.answer.then(
      (vm) => {
        settle(vm === undefined ? limits.unknownInterval : limits.vmLookupTtl);
      },
      () => {
        settle(limits.unknownInterval);
      },
    );
    entries.delete(id);
    entries.set(id, entry);
    return entry;
  }

  async function lookUp(id: string, requestId: string): Promise<Vm | undefined> {
    const time = linkAbort(closing.signal);
    const cancel = after(limits.lookupTimeout, () => {
      time.abort(
        new SchedulingError(
          'UNAVAILABLE',
          `vm ${id}: the engine did not answer within ${limits.lookupTimeout} ms (lookupTimeout)`,
        ),
      );
    });
    try {
      await turn(time.signal);
      try {
        return await get(id, time.signal, requestId);
      } finally {
        asking -= 1;
        next();
      }
    } finally {
      cancel();
      time.unlink();
    }
  }

  /** Waits until fewer than the allowed number ask the engine, and then counts as one that does. */
  async function turn(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw SchedulingError.from(signal.reason);
    if (asking < limits.maxConcurrentLookups) {
      asking += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const proceed = () => {
        signal.removeEventListener('abort', onAbort);
        waiting.delete(proceed);
        asking += 1;
        resolve();
      };
      const onAbort = () => {
        waiting.delete(proceed);
        reject(SchedulingError.from(signal.reason));
      };
      waiting.add(proceed);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  function next(): void {
    for (const proceed of waiting) {
      proceed();
      return;
    }
  }

  /** Keeps the memory within its size; what is still asked stays, being bounded by the places for it. */
  function forgetSome(): void {
    if (entries.size <= limits.maxVmLookups) return;
    for (const [id, entry] of entries) {
      if (entry.settled === undefined) continue;
      entries.delete(id);
      if (entries.size <= limits.maxVmLookups) return;
    }
  }

  return {
    find,
    close() {
      closing.abort(new SchedulingError('CANCELLED', 'the inventory is closed'));
    },
  };
}
