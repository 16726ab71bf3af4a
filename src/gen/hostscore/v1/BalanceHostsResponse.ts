// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { Migration as _hostscore_v1_Migration, Migration__Output as _hostscore_v1_Migration__Output } from '../../hostscore/v1/Migration.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';

/**
 * The migration that a balance unit proposes, or none.
 */
export interface BalanceHostsResponse {
  /**
   * Proposed migration. Absent: the unit proposes none.
   */
  'migration'?: (_hostscore_v1_Migration | null);
  /**
   * Time up to which the answer contains every change that the engine published: the start of a full listing of the
   * engine, for example. A service without an inventory leaves it out.
   */
  'snapshot_time'?: (_google_protobuf_Timestamp | null);
  /**
   * Reason why the unit proposes this migration, or none, in words and numbers. Only with `explain`. A service may
   * leave it out. hostscore keeps the first 1000 characters.
   */
  'explanation'?: (string);
}

/**
 * The migration that a balance unit proposes, or none.
 */
export interface BalanceHostsResponse__Output {
  /**
   * Proposed migration. Absent: the unit proposes none.
   */
  'migration': (_hostscore_v1_Migration__Output | null);
  /**
   * Time up to which the answer contains every change that the engine published: the start of a full listing of the
   * engine, for example. A service without an inventory leaves it out.
   */
  'snapshot_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * Reason why the unit proposes this migration, or none, in words and numbers. Only with `explain`. A service may
   * leave it out. hostscore keeps the first 1000 characters.
   */
  'explanation': (string);
}
