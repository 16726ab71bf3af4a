import type { InventorySettings } from '../config/sections.js';
import type { After, Clock } from '../lib/timers.js';
import type { Log } from '../process/log.js';

/** Options of the freshness of a snapshot. */
export interface FreshnessOptions {
  readonly settings: Pick<InventorySettings, 'maxStaleness'>;
  /** Returns the start of the newest reading by the monotonic clock; undefined when there is none. */
  readonly began: () => number | undefined;
  /** Returns why there is no snapshot, or no newer one. */
  readonly whyNone: () => string;
  readonly whyOld: () => string;
  /** Returns what the log says of an inventory that becomes available. */
  readonly counts: () => { readonly hosts: number; readonly vms: number; readonly skipped: number };
  /** Monotonic clock. */
  readonly steady: Clock;
  readonly after: After;
  readonly log: Log;
  /** Called when the inventory becomes available, or unavailable for a reason. Must not throw. */
  readonly onAvailability: ((available: boolean, reason?: string) => void) | undefined;
}

/** State of a snapshot: fresh enough, too old, or none. */
export interface Freshness {
  /** Returns the reason why the newest snapshot is unusable, if it is. Reports a change of availability. */
  readonly check: () => string | undefined;
  /** Checks now, and again when the newest snapshot becomes too old. */
  readonly watch: () => void;
  readonly close: () => void;
}

/** Creates the freshness of an inventory that has no snapshot yet. */
export function createFreshness(options: FreshnessOptions): Freshness {
  const { settings, began, steady, after, log } = options;
  let available = false;
  let cancelWatch: () => void = () => undefined;

  function check(): string | undefined {
    const reason = problem();
    if (available !== (reason === undefined)) {
      available = reason === undefined;
      if (available) log.info('inventory available', options.counts(), '');
      else log.warn('inventory unavailable', { reason }, '');
      options.onAvailability?.(available, reason);
    }
    return reason;
  }

  function problem(): string | undefined {
    const start = began();
    if (start === undefined) return options.whyNone();
    const age = steady.now() - start;
    const { maxStaleness } = settings;
    if (age <= maxStaleness) return undefined;
    return `the inventory is ${seconds(age)} s old, and may be ${seconds(maxStaleness)} s old at most; ${options.whyOld()}`;
  }

  function watch(): void {
    cancelWatch();
    const start = began();
    if (check() !== undefined || start === undefined) return;
    // 1 ms more, since timers may fire early.
    cancelWatch = after(start + settings.maxStaleness + 1 - steady.now(), watch);
  }

  return { check, watch, close: () => cancelWatch() };
}

/** Writes milliseconds as seconds. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 1 : 0);
}
