import type { Log } from '../process/log.js';
import type { RequestEnd } from './http-exchange.js';
import { createRecurrence } from './recurrence.js';
import { quoted } from '../lib/text.js';

/** What a refusal log works with. */
export interface RefusalLogOptions {
  readonly log: Log;
  /** Milliseconds since the epoch; Date by default. */
  readonly clock?: { readonly now: () => number };
  /** How long no further refusal is logged, in milliseconds; {@link DEFAULT_REFUSAL_LOG_INTERVAL_MS} by default. */
  readonly intervalMs?: number;
}

/** How long no further refusal is logged, in milliseconds, unless it is said otherwise. */
export const DEFAULT_REFUSAL_LOG_INTERVAL_MS = 1000;

/**
 * Makes what logs, at warn, requests that ended before they were dispatched: refused, too many at once, no XML-RPC, or cut.
 * The first one is logged at once, and then at most one an interval, with the number of those before it that were not.
 */
export function createRefusalLog({
  log,
  clock = Date,
  intervalMs = DEFAULT_REFUSAL_LOG_INTERVAL_MS,
}: RefusalLogOptions): (end: RequestEnd) => void {
  const refusals = createRecurrence({ clock, intervalMs, maxKeys: 1 });
  return ({ isDispatched, method, status, faultCode, reason, receivedBytes }) => {
    if (isDispatched) return;
    const times = refusals.toTell('');
    if (times === undefined) return;
    log.warn('request refused', {
      ...(method === undefined ? {} : { method: quoted(method) }),
      ...(status === undefined ? {} : { status }),
      ...(faultCode === undefined ? {} : { code: faultCode }),
      reason: reason ?? 'the request was cut before its end',
      receivedBytes,
      ...(times > 1 ? { suppressed: times - 1 } : {}),
    });
  };
}
