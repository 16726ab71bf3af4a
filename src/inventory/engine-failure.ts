import { SchedulingError } from '../domain/errors.js';

/**
 * The engine could not be read: UNAVAILABLE, with words that say what to do. It never has a `cause`, since the errors of
 * an HTTP client carry the request's headers and with them the token.
 */
export class EngineFailure extends SchedulingError {
  /** Whether the very same request may succeed when it is sent again shortly. */
  readonly transient: boolean;
  /** Whether the request certainly never reached the engine, so that even a POST may be sent again. */
  readonly unsent: boolean;

  constructor(message: string, options: { readonly transient: boolean; readonly unsent: boolean }) {
    super('UNAVAILABLE', message);
    this.transient = options.transient;
    this.unsent = options.unsent;
  }
}

/** Makes a failure that is over shortly, it is hoped. */
export function passing(message: string, { unsent = false } = {}): EngineFailure {
  return new EngineFailure(message, { transient: true, unsent });
}

/** Makes a failure that somebody has to mend first. */
export function lasting(message: string): EngineFailure {
  return new EngineFailure(message, { transient: false, unsent: false });
}
