import { SchedulingError } from '../../domain/errors.js';

/** The error for an answer in which a remote service breaks the contract: a bug of that service, named by its field. */
export function answerFault(field: string, problem: string): SchedulingError {
  return new SchedulingError('INTERNAL', `the service's answer breaks the contract: ${field}: ${problem}`);
}
