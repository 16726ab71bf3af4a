// Original file: proto/hostscore/v1/policy_unit_service.proto

/**
 * The kind of a failure of a unit or of one request of a stream. The numbers are those of the gRPC status codes.
 */
export const FailureCode = {
  /**
   * Unknown. A service never sends it.
   */
  FAILURE_CODE_UNSPECIFIED: 'FAILURE_CODE_UNSPECIFIED',
  /**
   * The caller went away before the answer was ready.
   */
  FAILURE_CODE_CANCELLED: 'FAILURE_CODE_CANCELLED',
  /**
   * The request is wrong. The message names the field or the property, its value and the remedy.
   */
  FAILURE_CODE_INVALID_ARGUMENT: 'FAILURE_CODE_INVALID_ARGUMENT',
  /**
   * The answer was not ready in time.
   */
  FAILURE_CODE_DEADLINE_EXCEEDED: 'FAILURE_CODE_DEADLINE_EXCEEDED',
  /**
   * The unit or the virtual machine does not exist. `Failure.not_found` says which.
   */
  FAILURE_CODE_NOT_FOUND: 'FAILURE_CODE_NOT_FOUND',
  /**
   * The service does not take this request from this caller.
   */
  FAILURE_CODE_PERMISSION_DENIED: 'FAILURE_CODE_PERMISSION_DENIED',
  /**
   * The request exceeds a limit of the server.
   */
  FAILURE_CODE_RESOURCE_EXHAUSTED: 'FAILURE_CODE_RESOURCE_EXHAUSTED',
  /**
   * The service does not offer what was asked.
   */
  FAILURE_CODE_UNIMPLEMENTED: 'FAILURE_CODE_UNIMPLEMENTED',
  /**
   * A bug: the unit threw an error, left a host out, or answered outside its range.
   */
  FAILURE_CODE_INTERNAL: 'FAILURE_CODE_INTERNAL',
  /**
   * The service is down, or has no fresh snapshot of the inventory.
   */
  FAILURE_CODE_UNAVAILABLE: 'FAILURE_CODE_UNAVAILABLE',
  /**
   * The service takes calls with a token only, and does not know the one that came, if one did.
   */
  FAILURE_CODE_UNAUTHENTICATED: 'FAILURE_CODE_UNAUTHENTICATED',
} as const;

/**
 * The kind of a failure of a unit or of one request of a stream. The numbers are those of the gRPC status codes.
 */
export type FailureCode =
  /**
   * Unknown. A service never sends it.
   */
  | 'FAILURE_CODE_UNSPECIFIED'
  | 0
  /**
   * The caller went away before the answer was ready.
   */
  | 'FAILURE_CODE_CANCELLED'
  | 1
  /**
   * The request is wrong. The message names the field or the property, its value and the remedy.
   */
  | 'FAILURE_CODE_INVALID_ARGUMENT'
  | 3
  /**
   * The answer was not ready in time.
   */
  | 'FAILURE_CODE_DEADLINE_EXCEEDED'
  | 4
  /**
   * The unit or the virtual machine does not exist. `Failure.not_found` says which.
   */
  | 'FAILURE_CODE_NOT_FOUND'
  | 5
  /**
   * The service does not take this request from this caller.
   */
  | 'FAILURE_CODE_PERMISSION_DENIED'
  | 7
  /**
   * The request exceeds a limit of the server.
   */
  | 'FAILURE_CODE_RESOURCE_EXHAUSTED'
  | 8
  /**
   * The service does not offer what was asked.
   */
  | 'FAILURE_CODE_UNIMPLEMENTED'
  | 12
  /**
   * A bug: the unit threw an error, left a host out, or answered outside its range.
   */
  | 'FAILURE_CODE_INTERNAL'
  | 13
  /**
   * The service is down, or has no fresh snapshot of the inventory.
   */
  | 'FAILURE_CODE_UNAVAILABLE'
  | 14
  /**
   * The service takes calls with a token only, and does not know the one that came, if one did.
   */
  | 'FAILURE_CODE_UNAUTHENTICATED'
  | 16

/**
 * The kind of a failure of a unit or of one request of a stream. The numbers are those of the gRPC status codes.
 */
export type FailureCode__Output = typeof FailureCode[keyof typeof FailureCode]
