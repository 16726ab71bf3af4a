import type { InventorySettings } from '../config/sections.js';
import type { Call } from '../domain/contract.js';
import { SchedulingError } from '../domain/errors.js';
import type { Vm } from '../domain/snapshot.js';
import { linkAbort, runWithin, waitFor } from '../lib/deadline.js';
import { createLimiter } from '../lib/limiter.js';
import { createLru } from '../lib/lru.js';
import type { After, Clock } from '../lib/timers.js';
import { UNKNOWN_INTERVAL } from './refresher.js';

/** Time for which a VM found is remembered, in ms: one that is about to start is asked for many times. */
export const FOUND_INTERVAL = 10_000;

/** Most remembered answers: no more VMs than that start within {@link FOUND_INTERVAL}. */
export const MAX_LOOKUPS = 10_000;

/** Most parallel look-ups of gateways: each takes a thread of the engine. */
export const MAX_CONCURRENT_LOOKUPS = 8;

/** Most parallel look-ups for an engine itself, beside those: one a cluster, whose lock each holds. */
export const MAX_ENGINE_LOOKUPS = 4;

/** Most waiting look-ups of each kind: of gateways, as many as get their turn within 2 s if the engine answers within 16 ms. */
export const MAX_WAITING_LOOKUPS = 1_000;

/**
 * Look-up of single VMs: asks the engine for each id once at a time, and not again while the answer is remembered. One that
 * waits leaves the queue with its last caller; one that was sent goes on, since the engine works on it anyway.
 */
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

/** An answer of the engine, or its failure. */
interface Remembered {
  readonly answer: Promise<Vm | undefined>;
  /** Time by the monotonic clock until which the answer holds, in ms. */
  readonly until: number;
  readonly isFound: boolean;
  /** True when an engine waited for it. */
  readonly forEngine: boolean;
}

/** A look-up under way. */
interface UnderWay {
  readonly answer: Promise<Vm | undefined>;
  callers: number;
  /** Leaves the queue. Does nothing once the request was sent. */
  readonly drop: () => void;
}

/** Creates a look-up. */
export function createVmLookup({ get, settings, steady, after }: VmLookupOptions): VmLookup {
  const remembered = createLru<string, Remembered>(MAX_LOOKUPS);
  const places = (maxRunning: number) => ({
    limiter: createLimiter({ maxRunning, maxWaiting: MAX_WAITING_LOOKUPS, full }),
    underWay: new Map<string, UnderWay>(),
  });
  const gateways = places(MAX_CONCURRENT_LOOKUPS);
  const engine = places(MAX_ENGINE_LOOKUPS);
  const closing = new AbortController();

  function ask(id: string, share: typeof gateways, requestId: string): UnderWay {
    const { limiter, underWay } = share;
    const own = linkAbort(closing.signal);
    let sent = false;
    const send = (signal: AbortSignal) => {
      sent = true;
      return get(id, signal, requestId);
    };
    const answer = runWithin((signal) => limiter.run(() => send(signal), signal), {
      signal: own.signal,
      ms: settings.lookupTimeout,
      after,
      late: () => late(id),
    });
    const leave = () => {
      if (underWay.get(id) === asked) underWay.delete(id);
    };
    const drop = () => {
      if (sent) return;
      leave();
      own.abort(dropped());
    };
    const asked: UnderWay = { answer, callers: 0, drop };
    underWay.set(id, asked);
    const end = (ms: number) => {
      own.unlink();
      leave();
      if (sent)
        remembered.set(id, {
          answer,
          until: steady.now() + ms,
          isFound: ms === FOUND_INTERVAL,
          forEngine: share === engine,
        });
    };
    answer.then(
      (vm) => end(vm === undefined ? UNKNOWN_INTERVAL : FOUND_INTERVAL),
      () => end(UNKNOWN_INTERVAL),
    );
    return asked;
  }

  async function join(asked: UnderWay, signal: AbortSignal): Promise<Vm | undefined> {
    asked.callers += 1;
    try {
      return await waitFor(asked.answer, signal);
    } finally {
      asked.callers -= 1;
      if (asked.callers === 0) asked.drop();
    }
  }

  function late(id: string): SchedulingError {
    return new SchedulingError(
      'UNAVAILABLE',
      `vm ${id}: the engine did not answer within ${settings.lookupTimeout} ms (inventory.lookupTimeout)`,
    );
  }

  return {
    async find(id, { requestId, signal, forEngine = false }) {
      const known = remembered.get(id);
      const share = forEngine ? engine : gateways;
      try {
        const holds = known !== undefined && steady.now() < known.until;
        // An engine is not told of what failed for a gateway, whose look-up may have waited in a long queue, or come before
        // the VM was made.
        if (holds && (known.isFound || known.forEngine || !forEngine))
          return await waitFor(known.answer, signal);
        return await join(share.underWay.get(id) ?? ask(id, share, requestId), signal);
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

function dropped(): SchedulingError {
  return new SchedulingError('CANCELLED', 'nobody waits for this look-up any more');
}
