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
