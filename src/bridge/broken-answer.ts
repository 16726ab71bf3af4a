import { SchedulingError } from '../errors.js';

/**
 * The error for what a service answered and the contract forbids, or for what would break a rule of the engine: an
 * INTERNAL that says what it is. The engine never sees such an answer.
 */
export function brokenAnswer(what: string): SchedulingError {
  return new SchedulingError('INTERNAL', `the service's answer breaks the contract: ${what}`);
}
