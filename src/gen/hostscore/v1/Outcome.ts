// Original file: proto/hostscore/v1/decision_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { UnmatchedReason as _hostscore_v1_UnmatchedReason, UnmatchedReason__Output as _hostscore_v1_UnmatchedReason__Output } from '../../hostscore/v1/UnmatchedReason.js';
import type { Long } from '@grpc/proto-loader';

/**
 * What became of a decision.
 */
export interface Outcome {
  /**
   * Time at which it was seen. MUST be sent.
   */
  'time'?: (_google_protobuf_Timestamp | null);
  /**
   * Host on which the virtual machine was seen, as a lower-case id. Empty: on none.
   */
  'host_id'?: (string);
  /**
   * Place of that host in the ranking, 1 for the best; hosts with equal totals share the best place. Absent: the host was
   * not ranked.
   */
  'rank'?: (number);
  /**
   * Points by which that host is behind the best, by the totals of the decision. Absent: the host was not ranked.
   */
  'regret'?: (number | string | Long);
  /**
   * Reason why there is no host.
   */
  'unmatched'?: (_hostscore_v1_UnmatchedReason);
  '_rank'?: "rank";
  '_regret'?: "regret";
}

/**
 * What became of a decision.
 */
export interface Outcome__Output {
  /**
   * Time at which it was seen. MUST be sent.
   */
  'time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Host on which the virtual machine was seen, as a lower-case id. Empty: on none.
   */
  'host_id': (string);
  /**
   * Place of that host in the ranking, 1 for the best; hosts with equal totals share the best place. Absent: the host was
   * not ranked.
   */
  'rank'?: (number);
  /**
   * Points by which that host is behind the best, by the totals of the decision. Absent: the host was not ranked.
   */
  'regret'?: (number);
  /**
   * Reason why there is no host.
   */
  'unmatched': (_hostscore_v1_UnmatchedReason__Output);
  '_rank'?: "rank";
  '_regret'?: "regret";
}
