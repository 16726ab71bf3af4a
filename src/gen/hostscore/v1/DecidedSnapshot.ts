// Original file: proto/hostscore/v1/decision_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { Long } from '@grpc/proto-loader';

/**
 * What an answer was based on.
 */
export interface DecidedSnapshot {
  /**
   * Service of a composite that the snapshot is of. Empty: of the answer as a whole.
   */
  'service'?: (string);
  /**
   * Time up to which it contains every change that the engine published. MUST be sent.
   */
  'snapshot_time'?: (_google_protobuf_Timestamp | null);
  /**
   * Last event of the engine that it contains. Absent: unknown.
   */
  'event_id'?: (number | string | Long);
  '_event_id'?: "event_id";
}

/**
 * What an answer was based on.
 */
export interface DecidedSnapshot__Output {
  /**
   * Service of a composite that the snapshot is of. Empty: of the answer as a whole.
   */
  'service': (string);
  /**
   * Time up to which it contains every change that the engine published. MUST be sent.
   */
  'snapshot_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Last event of the engine that it contains. Absent: unknown.
   */
  'event_id'?: (number);
  '_event_id'?: "event_id";
}
