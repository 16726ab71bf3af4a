// Original file: proto/hostscore/v1/decision_service.proto

import type { DecisionFace as _hostscore_v1_DecisionFace, DecisionFace__Output as _hostscore_v1_DecisionFace__Output } from '../../hostscore/v1/DecisionFace.js';
import type { DecisionMethod as _hostscore_v1_DecisionMethod, DecisionMethod__Output as _hostscore_v1_DecisionMethod__Output } from '../../hostscore/v1/DecisionMethod.js';

/**
 * Asks for the decisions from now on. A decision is sent if it meets every condition that is set.
 */
export interface WatchDecisionsRequest {
  /**
   * Virtual machine, as an id.
   */
  'vm_id'?: (string);
  /**
   * Face at which the call came.
   */
  'face'?: (_hostscore_v1_DecisionFace);
  /**
   * Question of the call.
   */
  'method'?: (_hostscore_v1_DecisionMethod);
  /**
   * True for whole decisions. Default: false, a summary of each.
   */
  'full'?: (boolean);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
}

/**
 * Asks for the decisions from now on. A decision is sent if it meets every condition that is set.
 */
export interface WatchDecisionsRequest__Output {
  /**
   * Virtual machine, as an id.
   */
  'vm_id': (string);
  /**
   * Face at which the call came.
   */
  'face': (_hostscore_v1_DecisionFace__Output);
  /**
   * Question of the call.
   */
  'method': (_hostscore_v1_DecisionMethod__Output);
  /**
   * True for whole decisions. Default: false, a summary of each.
   */
  'full': (boolean);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
}
