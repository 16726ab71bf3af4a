import type { SchedulingErrorCode } from '../domain/errors.js';
import type { Log } from '../process/log.js';
import type { Admission } from './admission.js';

/** A call that was answered, in whatever way: for metrics and an access log. */
export interface EndedCall {
  /** Name of the method without the service: `ScoreHosts`. */
  readonly method: string;
  readonly requestId: string;
  /** What the caller was told. */
  readonly code: SchedulingErrorCode | 'OK';
  readonly durationMs: number;
}

/** What every method of a server works with. */
export interface MethodContext {
  readonly admission: Admission;
  readonly log: Log;
  /** Says what time it is, for deadlines. */
  readonly clock: { readonly now: () => number };
  /** Measures how long a call took, to parts of a millisecond, and never goes back. */
  readonly steady: { readonly now: () => number };
  readonly makeRequestId: () => string;
  readonly onCallEnd: (ended: EndedCall) => void;
}
