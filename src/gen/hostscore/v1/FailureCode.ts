// Original file: proto/hostscore/v1/policy_unit_service.proto

/**
 * Why a unit or one request of a stream failed. The numbers are those of the gRPC status codes.
 */
export const FailureCode = {
  /**
   * Not said. Never sent by a service.
   */
  FAILURE_CODE_UNSPECIFIED: 'FAILURE_CODE_UNSPECIFIED',
  /**
   * The caller went away before the answer was there.
   */
  FAILURE_CODE_CANCELLED: 'FAILURE_CODE_CANCELLED',
  /**
   * Something in the request is wrong; the message names the field or the property, its value and the remedy.
   */
  FAILURE_CODE_INVALID_ARGUMENT: 'FAILURE_CODE_INVALID_ARGUMENT',
  /**
   * The answer was not there in time.
   */
  FAILURE_CODE_DEADLINE_EXCEEDED: 'FAILURE_CODE_DEADLINE_EXCEEDED',
  /**
   * No unit of that name and type, or no virtual machine of that id.
   */
  FAILURE_CODE_NOT_FOUND: 'FAILURE_CODE_NOT_FOUND',
  /**
   * A limit of the server was reached.
   */
  FAILURE_CODE_RESOURCE_EXHAUSTED: 'FAILURE_CODE_RESOURCE_EXHAUSTED',
  /**
   * The service can't do this.
   */
  FAILURE_CODE_UNIMPLEMENTED: 'FAILURE_CODE_UNIMPLEMENTED',
  /**
   * A bug: the unit threw, left a host out, or answered outside its range.
   */
  FAILURE_CODE_INTERNAL: 'FAILURE_CODE_INTERNAL',
  /**
   * The service is down or has no fresh snapshot of the inventory.
   */
  FAILURE_CODE_UNAVAILABLE: 'FAILURE_CODE_UNAVAILABLE',
} as const;

/**
 * Why a unit or one request of a stream failed. The numbers are those of the gRPC status codes.
 */
export type FailureCode =
  /**
   * Not said. Never sent by a service.
   */
  | 'FAILURE_CODE_UNSPECIFIED'
  | 0
  /**
   * The caller went away before the answer was there.
   */
  | 'FAILURE_CODE_CANCELLED'
  | 1
  /**
   * Something in the request is wrong; the message names the field or the property, its value and the remedy.
   */
  | 'FAILURE_CODE_INVALID_ARGUMENT'
  | 3
  /**
   * The answer was not there in time.
   */
  | 'FAILURE_CODE_DEADLINE_EXCEEDED'
  | 4
  /**
   * No unit of that name and type, or no virtual machine of that id.
   */
  | 'FAILURE_CODE_NOT_FOUND'
  | 5
  /**
   * A limit of the server was reached.
   */
  | 'FAILURE_CODE_RESOURCE_EXHAUSTED'
  | 8
  /**
   * The service can't do this.
   */
  | 'FAILURE_CODE_UNIMPLEMENTED'
  | 12
  /**
   * A bug: the unit threw, left a host out, or answered outside its range.
   */
  | 'FAILURE_CODE_INTERNAL'
  | 13
  /**
   * The service is down or has no fresh snapshot of the inventory.
   */
  | 'FAILURE_CODE_UNAVAILABLE'
  | 14

/**
 * Why a unit or one request of a stream failed. The numbers are those of the gRPC status codes.
 */
export type FailureCode__Output = typeof FailureCode[keyof typeof FailureCode]
