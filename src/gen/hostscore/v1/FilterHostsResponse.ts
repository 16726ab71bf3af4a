// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { FilterUnitResult as _hostscore_v1_FilterUnitResult, FilterUnitResult__Output as _hostscore_v1_FilterUnitResult__Output } from '../../hostscore/v1/FilterUnitResult.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';

/**
 * The hosts that suit one virtual machine.
 */
export interface FilterHostsResponse {
  /**
   * Hosts of the request that every answering filter accepts, each once, in the order asked. MUST agree with
   * `unit_results`. When no filter answers, these are all hosts of the request. A host that the inventory does not
   * have is not rejected for that: the caller knows the host.
   */
  'host_ids'?: (string)[];
  /**
   * Results of the units. MUST have one result for each unit of the request, in the order asked; for a request without
   * units, one for each filter unit of the service.
   */
  'unit_results'?: (_hostscore_v1_FilterUnitResult)[];
  /**
   * Time up to which the answer contains every change that the engine published: the start of a full listing of the
   * engine, for example. A service without an inventory leaves it out. A composite sends the earliest of its services.
   */
  'snapshot_time'?: (_google_protobuf_Timestamp | null);
}

/**
 * The hosts that suit one virtual machine.
 */
export interface FilterHostsResponse__Output {
  /**
   * Hosts of the request that every answering filter accepts, each once, in the order asked. MUST agree with
   * `unit_results`. When no filter answers, these are all hosts of the request. A host that the inventory does not
   * have is not rejected for that: the caller knows the host.
   */
  'host_ids': (string)[];
  /**
   * Results of the units. MUST have one result for each unit of the request, in the order asked; for a request without
   * units, one for each filter unit of the service.
   */
  'unit_results': (_hostscore_v1_FilterUnitResult__Output)[];
  /**
   * Time up to which the answer contains every change that the engine published: the start of a full listing of the
   * engine, for example. A service without an inventory leaves it out. A composite sends the earliest of its services.
   */
  'snapshot_time': (_google_protobuf_Timestamp__Output | null);
}
