import { SchedulingError } from '../domain/errors.js';

/**
 * Failure to read the engine: UNAVAILABLE, with the remedy. It never has a `cause`, since errors of an HTTP client hold the
 * request's headers and so the token.
 */
export class EngineFailure extends SchedulingError {
  /** True if the same request may succeed shortly. */
  readonly transient: boolean;
  /** True if the request never reached the engine, so that even a POST may be retried. */
  readonly unsent: boolean;

  constructor(message: string, options: { readonly transient: boolean; readonly unsent: boolean }) {
    super('UNAVAILABLE', message);
    this.transient = options.transient;
    this.unsent = options.unsent;
  }
}

/** Creates a transient failure. */
export function passing(message: string, { unsent = false } = {}): EngineFailure {
  return new EngineFailure(message, { transient: true, unsent });
}

/** Creates a failure that lasts until somebody fixes its cause. */
export function lasting(message: string): EngineFailure {
  return new EngineFailure(message, { transient: false, unsent: false });
}
