import type { Log } from '../process/log.js';
import type { Clock } from '../lib/timers.js';

/**
 * Answers with which an engine refuses to put statistics into its list of hosts: some of 4.2 fail with 500 when a host has
 * huge pages (bug 1547050), and a proxy may know no such parameter.
 */
const REFUSALS = new Set([400, 404, 500, 501]);

/** How long hosts are listed without statistics after the engine refused them, in ms. */
export const STATISTICS_PAUSE = 600_000;

/** Decides whether hosts are listed with their statistics, so that an engine that can't costs nothing but those. */
export interface HostStatistics {
  readonly wanted: () => boolean;
  /** Says whether an answer of this status may be a refusal; whether it is shows when the same list works without. */
  readonly mayRefuse: (status: number) => boolean;
  /** Told that the list works only without them. */
  readonly refused: (status: number) => void;
}

/** Makes the decision; `enabled` false: never. */
export function createHostStatistics(options: {
  readonly enabled: boolean;
  readonly pause: number;
  readonly clock: Clock;
  readonly log: Log;
}): HostStatistics {
  const { enabled, pause, clock, log } = options;
  let refusedAt: number | undefined;
  return {
    wanted() {
      if (refusedAt === undefined) return enabled;
      const ago = clock.now() - refusedAt;
      return enabled && (ago < 0 || ago >= pause);
    },
    mayRefuse: (status) => REFUSALS.has(status),
    refused(status) {
      refusedAt = clock.now();
      log.warn('host statistics refused', { status, pauseMs: pause });
    },
  };
}
