// Original file: proto/hostscore/v1/decision_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { DecisionFace as _hostscore_v1_DecisionFace, DecisionFace__Output as _hostscore_v1_DecisionFace__Output } from '../../hostscore/v1/DecisionFace.js';
import type { DecisionMethod as _hostscore_v1_DecisionMethod, DecisionMethod__Output as _hostscore_v1_DecisionMethod__Output } from '../../hostscore/v1/DecisionMethod.js';
import type { OutcomeState as _hostscore_v1_OutcomeState, OutcomeState__Output as _hostscore_v1_OutcomeState__Output } from '../../hostscore/v1/OutcomeState.js';

/**
 * Asks for decisions. A decision is in the answer if it meets every condition that is set.
 */
export interface ListDecisionsRequest {
  /**
   * Virtual machine, as an id. Not together with `vm_name`.
   */
  'vm_id'?: (string);
  /**
   * Name that the virtual machine had; letters match in either case. Also one that was deleted since is found.
   */
  'vm_name'?: (string);
  /**
   * Host that is a candidate.
   */
  'host_id'?: (string);
  /**
   * Earliest time of the answer.
   */
  'start_time'?: (_google_protobuf_Timestamp | null);
  /**
   * Time before which the answer was given.
   */
  'end_time'?: (_google_protobuf_Timestamp | null);
  /**
   * Face at which the call came.
   */
  'face'?: (_hostscore_v1_DecisionFace);
  /**
   * Question of the call.
   */
  'method'?: (_hostscore_v1_DecisionMethod);
  /**
   * State of the outcome.
   */
  'outcome'?: (_hostscore_v1_OutcomeState);
  /**
   * Unit that failed in it.
   */
  'failed_unit'?: (string);
  /**
   * True for whole decisions, with candidates, values and words. Default: false, a summary of each.
   */
  'full'?: (boolean);
  /**
   * Largest number of decisions in the answer, at most 1000. Default: 100.
   */
  'page_size'?: (number);
  /**
   * Value of `next_page_token` in the answer to the same request, for the page after it. Default: the first page.
   */
  'page_token'?: (string);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
}

/**
 * Asks for decisions. A decision is in the answer if it meets every condition that is set.
 */
export interface ListDecisionsRequest__Output {
  /**
   * Virtual machine, as an id. Not together with `vm_name`.
   */
  'vm_id': (string);
  /**
   * Name that the virtual machine had; letters match in either case. Also one that was deleted since is found.
   */
  'vm_name': (string);
  /**
   * Host that is a candidate.
   */
  'host_id': (string);
  /**
   * Earliest time of the answer.
   */
  'start_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Time before which the answer was given.
   */
  'end_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Face at which the call came.
   */
  'face': (_hostscore_v1_DecisionFace__Output);
  /**
   * Question of the call.
   */
  'method': (_hostscore_v1_DecisionMethod__Output);
  /**
   * State of the outcome.
   */
  'outcome': (_hostscore_v1_OutcomeState__Output);
  /**
   * Unit that failed in it.
   */
  'failed_unit': (string);
  /**
   * True for whole decisions, with candidates, values and words. Default: false, a summary of each.
   */
  'full': (boolean);
  /**
   * Largest number of decisions in the answer, at most 1000. Default: 100.
   */
  'page_size': (number);
  /**
   * Value of `next_page_token` in the answer to the same request, for the page after it. Default: the first page.
   */
  'page_token': (string);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
}
