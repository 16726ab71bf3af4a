import { SchedulingError } from '../domain/errors.js';
import { DEFAULT_ARGUMENT_LIMITS, type ArgumentLimits } from './argument-limits.js';

/** How much a bridge takes, sends, waits and logs. Times are in milliseconds. */
export interface BridgeLimits extends ArgumentLimits {
  /** Failed units, and other errors, that one answer names: each becomes an event in the engine's log. */
  readonly maxMessages: number;
  /** Characters in one such message. */
  readonly maxMessageLength: number;
  /** Characters of a unit's description that the engine is sent. */
  readonly maxDescriptionLength: number;
  /** Characters in the pattern of a property: it goes into the engine's database and forms. A longer one is left out. */
  readonly maxPatternLength: number;
  /** How long runCostFunctions waits for a list of units, when a unit answered that no list has told of. */
  readonly directionsTimeoutMs: number;
  /** How long a list of units is believed before it is asked for again, beside a call and not in its way. */
  readonly directionsMaxAgeMs: number;
  /** How long after a list of units another one is asked for, at the earliest, for the sake of a unit that it did not tell of. */
  readonly directionsIntervalMs: number;
  /** How long a unit that fails again and again is not logged at warn again. */
  readonly failureLogIntervalMs: number;
  /** How many failing units are remembered for that. */
  readonly maxLoggedFailures: number;
}

/** Limits of a bridge that is told no others. */
export const DEFAULT_BRIDGE_LIMITS: BridgeLimits = {
  ...DEFAULT_ARGUMENT_LIMITS,
  maxMessages: 100,
  maxMessageLength: 500,
  maxDescriptionLength: 1000,
  maxPatternLength: 1000,
  directionsTimeoutMs: 100,
  directionsMaxAgeMs: 60_000,
  directionsIntervalMs: 1000,
  failureLogIntervalMs: 60_000,
  maxLoggedFailures: 1000,
};

/** The default limits, with those that are given in their place. Throws INVALID_ARGUMENT for one that is no whole number. */
export function resolveBridgeLimits(given: Partial<BridgeLimits> = {}): BridgeLimits {
  const limits = { ...DEFAULT_BRIDGE_LIMITS, ...given };
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
