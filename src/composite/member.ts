import type { PolicyUnitService } from '../domain/contract.js';
import type { InventoryService } from '../domain/inventory.js';
import type { CircuitBreaker } from './circuit-breaker.js';

/** A service of a composite. */
export interface Member {
  /** Name in errors, logs and metrics; unique within a composite. */
  readonly name: string;
  readonly service: PolicyUnitService;
  readonly inventory?: InventoryService;
  /** True for a service that may come and go: called through a circuit breaker, listed periodically, its units remembered. */
  readonly remote: boolean;
  /** Circuit breaker that outlives the composite; absent for one of its own. */
  readonly breaker?: CircuitBreaker;
  /** Longest time of one call, in ms; absent for the caller's. */
  readonly deadlineMs?: number;
  /** Names of the offered units to use, of any type; absent for all. */
  readonly units?: readonly string[];
  /** New names by offered name, of any type. */
  readonly renames?: ReadonlyMap<string, string>;
  /** True if it may lose units to a service of this process without that being a problem. */
  readonly yields?: boolean;
  /** Calls `listener` on every connect and reconnect. Returns an unsubscribe function. */
  readonly onConnected?: (listener: () => void) => () => void;
  /** Calls `listener` when the units may have changed since the last listing. Returns an unsubscribe function. */
  readonly onUnitsChanged?: (listener: () => void) => () => void;
  /** Reports whether more units are to come, such as plugins being imported. */
  readonly isIncomplete?: () => boolean;
}
