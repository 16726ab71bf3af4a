// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { FailureCode as _hostscore_v1_FailureCode, FailureCode__Output as _hostscore_v1_FailureCode__Output } from './FailureCode.js';

/**
 * Why a single unit, or one request of a stream, has no result.
 */
export interface Failure {
  /**
   * Kind of the failure.
   */
  'code'?: (_hostscore_v1_FailureCode);
  /**
   * What failed, on what, and what to do, in words. Holds no secrets and no stack traces.
   */
  'message'?: (string);
}

/**
 * Why a single unit, or one request of a stream, has no result.
 */
export interface Failure__Output {
  /**
   * Kind of the failure.
   */
  'code': (_hostscore_v1_FailureCode__Output);
  /**
   * What failed, on what, and what to do, in words. Holds no secrets and no stack traces.
   */
  'message': (string);
}
