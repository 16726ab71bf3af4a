// Original file: proto/hostscore/v1/decision_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { DecisionFace as _hostscore_v1_DecisionFace, DecisionFace__Output as _hostscore_v1_DecisionFace__Output } from '../../hostscore/v1/DecisionFace.js';

/**
 * Asks for a report on outcomes.
 */
export interface ReportAgreementRequest {
  /**
   * Earliest time of the answers. Default: seven days ago.
   */
  'start_time'?: (_google_protobuf_Timestamp | null);
  /**
   * Time before which the answers were given. Default: now.
   */
  'end_time'?: (_google_protobuf_Timestamp | null);
  /**
   * Face at which the calls came. Default: both.
   */
  'face'?: (_hostscore_v1_DecisionFace);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
}

/**
 * Asks for a report on outcomes.
 */
export interface ReportAgreementRequest__Output {
  /**
   * Earliest time of the answers. Default: seven days ago.
   */
  'start_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Time before which the answers were given. Default: now.
   */
  'end_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Face at which the calls came. Default: both.
   */
  'face': (_hostscore_v1_DecisionFace__Output);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
}
