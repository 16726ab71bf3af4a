import type { PolicyUnitService } from '../domain/contract.js';
import type { SchedulingErrorCode } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import type { BridgeLimits } from './bridge-limits.js';
import type { After } from './call-budget.js';
import type { ScoreMode } from '../engine-model/costs.js';
import type { RowMode } from './run-cost-functions.js';

/** How long the engine waits for a call, in milliseconds, unless it is said otherwise: its cluster's lock is held. */
export const DEFAULT_BUDGET_MS = 1000;

/** How long discover may take, in milliseconds: the engine asks in a thread of its own, and waits two minutes. */
export const DEFAULT_DISCOVER_BUDGET_MS = 35_000;

/** How a call ended. `partial`: some of its units failed. `failed`: all of them. `fault`: the engine was told of an error instead. */
export interface CallEnd {
  /** Name of the method, or `(unknown)`. */
  readonly method: string;
  /**
   * From the head of the request to the last byte of the answer, or to the end of the connection: for calls other than
   * discover, how long the scheduling lock was held.
   */
  readonly seconds: number;
  readonly outcome: 'ok' | 'partial' | 'failed' | 'fault';
  /** Code of the first failed unit, or of the fault. */
  readonly code?: SchedulingErrorCode | number;
}

/** A unit that had no result, for figures. */
export interface UnitFailureEvent {
  readonly method: string;
  readonly unit: string;
  readonly code: SchedulingErrorCode;
}

/** What a bridge works with. */
export interface BridgeOptions {
  readonly service: PolicyUnitService;
  /** `perUnit` by default, which alone honors the administrator's factors. */
  readonly rows?: RowMode;
  /** `asCosts` by default; `raw` makes the engine avoid the best hosts. */
  readonly scores?: ScoreMode;
  /** How long a call may take from the head of its request on, in milliseconds; {@link DEFAULT_BUDGET_MS} by default. */
  readonly budgetMs?: number;
  /** The same for discover; {@link DEFAULT_DISCOVER_BUDGET_MS} by default. */
  readonly discoverBudgetMs?: number;
  /** How much of a budget, that of a call and that of discover, is kept for writing the answer, in milliseconds; a twentieth of it by default. */
  readonly marginMs?: number;
  readonly limits?: Partial<BridgeLimits>;
  readonly log: Log;
  /** Milliseconds since the epoch; Date by default. */
  readonly clock?: { readonly now: () => number };
  /** Node's own timer by default. */
  readonly timers?: { readonly after: After };
  readonly makeRequestId?: () => string;
  readonly onUnitFailure?: (failure: UnitFailureEvent) => void;
  /** Told when the answer is sent, or nobody waits for it any more. */
  readonly onCallEnd?: (end: CallEnd) => void;
}
