// Original file: proto/hostscore/v1/decision_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';

/**
 * Asks for a report on shadows.
 */
export interface ReportShadowsRequest {
  /**
   * Name of the shadow. Default: all.
   */
  'shadow'?: (string);
  /**
   * Earliest time of the answers. Default: seven days ago.
   */
  'start_time'?: (_google_protobuf_Timestamp | null);
  /**
   * Time before which the answers were given. Default: now.
   */
  'end_time'?: (_google_protobuf_Timestamp | null);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
}

/**
 * Asks for a report on shadows.
 */
export interface ReportShadowsRequest__Output {
  /**
   * Name of the shadow. Default: all.
   */
  'shadow': (string);
  /**
   * Earliest time of the answers. Default: seven days ago.
   */
  'start_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Time before which the answers were given. Default: now.
   */
  'end_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
}
