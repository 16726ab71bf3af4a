import { SchedulingError } from '../domain/errors.js';

/** What is known of a failure beyond its words. */
export interface EngineFailureFacts {
  /** Whether the very same request may succeed when it is sent again shortly. */
  readonly transient: boolean;
  /** Set when the request certainly never reached the engine, so that even a POST may be sent again. */
  readonly unsent?: boolean;
}

/**
 * The engine could not be read: UNAVAILABLE, with words that say what to do. It never has a `cause`, since the errors of
 * an HTTP client carry the request's headers and with them the token.
 */
export class EngineFailure extends SchedulingError {
  readonly transient: boolean;
  readonly unsent: boolean;

  constructor(message: string, { transient, unsent = false }: EngineFailureFacts) {
    super('UNAVAILABLE', message);
    this.transient = transient;
    this.unsent = unsent;
  }
}
