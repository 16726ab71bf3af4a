// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { Migration as _hostscore_v1_Migration, Migration__Output as _hostscore_v1_Migration__Output } from './Migration.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';

/**
 * A proposed migration, or nothing to do.
 */
export interface BalanceHostsResponse {
  /**
   * The migration. Absent: nothing to do.
   */
  'migration'?: (_hostscore_v1_Migration | null);
  /**
   * When the service began to read the inventory that this answer rests on.
   */
  'snapshot_time'?: (_google_protobuf_Timestamp | null);
}

/**
 * A proposed migration, or nothing to do.
 */
export interface BalanceHostsResponse__Output {
  /**
   * The migration. Absent: nothing to do.
   */
  'migration': (_hostscore_v1_Migration__Output | null);
  /**
   * When the service began to read the inventory that this answer rests on.
   */
  'snapshot_time': (_google_protobuf_Timestamp__Output | null);
}
