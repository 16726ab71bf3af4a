import type { Call } from '../domain/contract.js';
import { boundedCall } from './bounded-call.js';
import { endOf } from './call-time.js';
import type { Clock, Timers } from './timers.js';

/** Where calls wait for something. */
export interface Gate {
  /** Waits until it is open, or until that time. Rejects only with why the caller's own call ended. */
  readonly pass: (call: Call, until: number) => Promise<void>;
  /** Lets all calls through, if it is open. To be called whenever it may have opened. */
  readonly look: () => void;
}

/**
 * Makes a gate. A call leaves nothing behind once it waits no longer: one that waits on a promise that may never settle
 * would stay in memory with it.
 */
export function createGate(
  isOpen: () => boolean,
  surroundings: { readonly clock: Clock; readonly timers: Timers },
): Gate {
  const waiting = new Set<() => void>();

  function wait({ signal }: Call): Promise<void> {
    return new Promise((resolve) => {
      waiting.add(resolve);
      signal.addEventListener('abort', () => waiting.delete(resolve));
    });
  }

  return {
    async pass(call, until) {
      if (isOpen()) return;
      await boundedCall(wait, call, until, surroundings).catch(() => {
        if (call.signal.aborted) throw endOf(call);
      });
    },
    look() {
      if (!isOpen()) return;
      for (const resolve of waiting) resolve();
      waiting.clear();
    },
  };
}
