import { SchedulingError } from '../errors.js';

/** What one call of the engine may hold. A call over a limit is a fault that names the limit. */
export interface ArgumentLimits {
  /** Host ids in one call. */
  readonly maxHostIds: number;
  /** Units in one call. */
  readonly maxUnits: number;
  /** Characters in the name of a unit. */
  readonly maxUnitNameLength: number;
  /** Properties in one call. */
  readonly maxProperties: number;
  /** Characters in the key of a property. */
  readonly maxPropertyKeyLength: number;
  /** Characters in the value of a property. */
  readonly maxPropertyValueLength: number;
}

/** Limits of a bridge that is told no others; those of a scoring service, so that what gets in gets through. */
export const DEFAULT_ARGUMENT_LIMITS: ArgumentLimits = {
  maxHostIds: 10_000,
  maxUnits: 128,
  maxUnitNameLength: 128,
  maxProperties: 256,
  maxPropertyKeyLength: 128,
  maxPropertyValueLength: 4096,
};

/** The default limits, with those that are given in their place. Throws INVALID_ARGUMENT for one that is no whole number. */
export function resolveArgumentLimits(given: Partial<ArgumentLimits> = {}): ArgumentLimits {
  const limits = { ...DEFAULT_ARGUMENT_LIMITS, ...given };
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
