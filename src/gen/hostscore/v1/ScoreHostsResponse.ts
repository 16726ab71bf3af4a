// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { HostScore as _hostscore_v1_HostScore, HostScore__Output as _hostscore_v1_HostScore__Output } from './HostScore.js';
import type { ScoreUnitResult as _hostscore_v1_ScoreUnitResult, ScoreUnitResult__Output as _hostscore_v1_ScoreUnitResult__Output } from './ScoreUnitResult.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';

/**
 * The scores of hosts for one virtual machine.
 */
export interface ScoreHostsResponse {
  /**
   * One score for each host that the inventory knows, in the order asked.
   */
  'scores'?: (_hostscore_v1_HostScore)[];
  /**
   * One result for each unit, in the order asked.
   */
  'unit_results'?: (_hostscore_v1_ScoreUnitResult)[];
  /**
   * Hosts asked for that are not in the inventory, in the order asked: the engine does not know them, or could not be asked
   * in time.
   */
  'unknown_host_ids'?: (string)[];
  /**
   * When the service began to read the inventory that this answer rests on.
   */
  'snapshot_time'?: (_google_protobuf_Timestamp | null);
}

/**
 * The scores of hosts for one virtual machine.
 */
export interface ScoreHostsResponse__Output {
  /**
   * One score for each host that the inventory knows, in the order asked.
   */
  'scores': (_hostscore_v1_HostScore__Output)[];
  /**
   * One result for each unit, in the order asked.
   */
  'unit_results': (_hostscore_v1_ScoreUnitResult__Output)[];
  /**
   * Hosts asked for that are not in the inventory, in the order asked: the engine does not know them, or could not be asked
   * in time.
   */
  'unknown_host_ids': (string)[];
  /**
   * When the service began to read the inventory that this answer rests on.
   */
  'snapshot_time': (_google_protobuf_Timestamp__Output | null);
}
