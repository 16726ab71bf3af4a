import { SchedulingError, type SchedulingErrorCode } from '../domain/errors.js';
import { stackOf } from '../lib/text.js';
import type { Log } from '../process/log.js';
import { FAULT_CODES, XmlRpcFault } from './xml-rpc/fault.js';

const CODES: Readonly<Record<SchedulingErrorCode, number>> = {
  INVALID_ARGUMENT: FAULT_CODES.invalidArguments,
  NOT_FOUND: FAULT_CODES.invalidArguments,
  UNIMPLEMENTED: FAULT_CODES.methodNotFound,
  INTERNAL: FAULT_CODES.internal,
  CANCELLED: FAULT_CODES.unavailable,
  DEADLINE_EXCEEDED: FAULT_CODES.unavailable,
  RESOURCE_EXHAUSTED: FAULT_CODES.unavailable,
  UNAVAILABLE: FAULT_CODES.unavailable,
};

/**
 * The fault that a caller gets for what was thrown while its call was answered. The words of a bug go to the log only.
 */
export function faultOf(thrown: unknown, method: string, log: Log): XmlRpcFault {
  if (thrown instanceof XmlRpcFault && Number.isInteger(thrown.code)) return thrown;
  const error = SchedulingError.from(thrown);
  if (error.code === 'INTERNAL') log.error('call crashed', { method, stack: stackOf(error.cause ?? error) });
  return new XmlRpcFault(CODES[error.code], error.message);
}
