import { availableParallelism } from 'node:os';
import { SchedulingError } from '../domain/errors.js';

/** What plugins may use. A call over a limit is that unit's failure, with the limit's name. */
export interface PluginLimits {
  /** How long one call of a plugin may take, waiting for its turn included: milliseconds. */
  readonly maxCallMs: number;
  /** How much earlier than the caller's deadline a call is ended, so that the other units' values arrive: milliseconds. */
  readonly answerMarginMs: number;
  /** How long a plugin's process may take to kill a call that is over its time, before it is killed itself: milliseconds. */
  readonly killGraceMs: number;
  /** Bytes that one call may print. */
  readonly maxOutputBytes: number;
  /** Bytes that one call may write to stderr. */
  readonly maxErrorBytes: number;
  /** Characters of a plugin's own words in a failure. */
  readonly maxFailureLength: number;
  /** Address space of a plugin's process, and of that of each call: bytes. */
  readonly maxMemoryBytes: number;
  /** How long importing one file may take: milliseconds. */
  readonly maxImportMs: number;
  /** How long the host waits for its first imports before it serves what is there: milliseconds. */
  readonly maxImportWaitMs: number;
  /** Files that are imported at one time. */
  readonly maxConcurrentImports: number;
  /** Files that are imported, each in a process of its own. */
  readonly maxPlugins: number;
  /** Units of all files together. */
  readonly maxUnits: number;
  /** Calls of plugins that run at one time; half of them, at least one, of one file while there are others. */
  readonly maxConcurrentRuns: number;
  /** Calls of plugins that wait for their turn; half of them, at least one, of one file while there are others. */
  readonly maxQueuedRuns: number;
}

/**
 * Limits of a host that is told no others. The time of a call is the old proxy's; 10,000 hosts with their scores print
 * less than 1 MiB; twice as many calls run as there are processors, since most of them wait for the engine.
 */
export const DEFAULT_PLUGIN_LIMITS: PluginLimits = {
  maxCallMs: 30_000,
  answerMarginMs: 100,
  killGraceMs: 500,
  maxOutputBytes: 8 * 1024 * 1024,
  maxErrorBytes: 64 * 1024,
  maxFailureLength: 2000,
  maxMemoryBytes: 1024 * 1024 * 1024,
  maxImportMs: 10_000,
  maxImportWaitMs: 2000,
  maxConcurrentImports: 8,
  maxPlugins: 100,
  maxUnits: 1000,
  maxConcurrentRuns: Math.max(8, 2 * availableParallelism()),
  maxQueuedRuns: 1000,
};

/** The defaults, with those that are given in their place. Throws INVALID_ARGUMENT for one that is no whole number. */
export function resolvePluginLimits(given: Partial<PluginLimits> = {}): PluginLimits {
  const limits = { ...DEFAULT_PLUGIN_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new SchedulingError(
        'INVALID_ARGUMENT',
        `limits.${name}: expected a whole number of 1 or more, got ${String(value)}`,
      );
    }
  }
  return limits;
}
