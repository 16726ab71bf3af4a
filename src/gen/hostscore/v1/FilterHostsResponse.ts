// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { FilterUnitResult as _hostscore_v1_FilterUnitResult, FilterUnitResult__Output as _hostscore_v1_FilterUnitResult__Output } from './FilterUnitResult.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';

/**
 * The hosts that suit one virtual machine.
 */
export interface FilterHostsResponse {
  /**
   * Hosts that every answering filter accepts, in the order asked, each once. When no filter answered these are all
   * hosts asked for. A host that the inventory does not know is not rejected: whoever asks knows it.
   */
  'host_ids'?: (string)[];
  /**
   * One result for each filter, in the order asked.
   */
  'unit_results'?: (_hostscore_v1_FilterUnitResult)[];
  /**
   * When the service began to read the inventory that this answer rests on.
   */
  'snapshot_time'?: (_google_protobuf_Timestamp | null);
}

/**
 * The hosts that suit one virtual machine.
 */
export interface FilterHostsResponse__Output {
  /**
   * Hosts that every answering filter accepts, in the order asked, each once. When no filter answered these are all
   * hosts asked for. A host that the inventory does not know is not rejected: whoever asks knows it.
   */
  'host_ids': (string)[];
  /**
   * One result for each filter, in the order asked.
   */
  'unit_results': (_hostscore_v1_FilterUnitResult__Output)[];
  /**
   * When the service began to read the inventory that this answer rests on.
   */
  'snapshot_time': (_google_protobuf_Timestamp__Output | null);
}
