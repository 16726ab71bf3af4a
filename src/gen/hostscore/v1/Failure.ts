// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { FailureCode as _hostscore_v1_FailureCode, FailureCode__Output as _hostscore_v1_FailureCode__Output } from '../../hostscore/v1/FailureCode.js';
import type { NotFoundSubject as _hostscore_v1_NotFoundSubject, NotFoundSubject__Output as _hostscore_v1_NotFoundSubject__Output } from '../../hostscore/v1/NotFoundSubject.js';

/**
 * The reason why a unit, or one request of a stream, has no result.
 */
export interface Failure {
  /**
   * Kind of the failure. MUST be set.
   */
  'code'?: (_hostscore_v1_FailureCode);
  /**
   * Problem, the value that caused it, and the remedy, in words. Contains no secrets and no stack traces. hostscore
   * keeps the first 1000 characters.
   */
  'message'?: (string);
  /**
   * Thing that was not found. Only with the code NOT_FOUND.
   * 
   * When left out, a reader takes the unit in the result of a unit, and the virtual machine in the failure of a
   * streamed request. A gRPC status has no such field: NOT_FOUND of ScoreHosts and FilterHosts means the virtual
   * machine, NOT_FOUND of BalanceHosts means the unit.
   */
  'not_found'?: (_hostscore_v1_NotFoundSubject);
}

/**
 * The reason why a unit, or one request of a stream, has no result.
 */
export interface Failure__Output {
  /**
   * Kind of the failure. MUST be set.
   */
  'code': (_hostscore_v1_FailureCode__Output);
  /**
   * Problem, the value that caused it, and the remedy, in words. Contains no secrets and no stack traces. hostscore
   * keeps the first 1000 characters.
   */
  'message': (string);
  /**
   * Thing that was not found. Only with the code NOT_FOUND.
   * 
   * When left out, a reader takes the unit in the result of a unit, and the virtual machine in the failure of a
   * streamed request. A gRPC status has no such field: NOT_FOUND of ScoreHosts and FilterHosts means the virtual
   * machine, NOT_FOUND of BalanceHosts means the unit.
   */
  'not_found': (_hostscore_v1_NotFoundSubject__Output);
}
