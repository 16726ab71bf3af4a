// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { HostScore as _hostscore_v1_HostScore, HostScore__Output as _hostscore_v1_HostScore__Output } from '../../hostscore/v1/HostScore.js';
import type { ScoreUnitResult as _hostscore_v1_ScoreUnitResult, ScoreUnitResult__Output as _hostscore_v1_ScoreUnitResult__Output } from '../../hostscore/v1/ScoreUnitResult.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';
import type { UnitCounterfactual as _hostscore_v1_UnitCounterfactual, UnitCounterfactual__Output as _hostscore_v1_UnitCounterfactual__Output } from '../../hostscore/v1/UnitCounterfactual.js';

/**
 * The scores of hosts for one virtual machine.
 */
export interface ScoreHostsResponse {
  /**
   * Scores of the hosts, in the order asked. Each host of the request MUST appear exactly once, either here or in
   * `unknown_host_ids`. No other host may appear.
   */
  'scores'?: (_hostscore_v1_HostScore)[];
  /**
   * Results of the units. MUST have one result for each unit of the request, in the order asked; for a request without
   * units, one for each score unit of the service.
   */
  'unit_results'?: (_hostscore_v1_ScoreUnitResult)[];
  /**
   * Hosts of the request that the inventory does not have, in the order asked: the engine does not know them, or did
   * not answer in time. A service without an inventory scores every host and leaves this empty. Always empty with
   * `all_hosts`.
   */
  'unknown_host_ids'?: (string)[];
  /**
   * Time up to which the answer contains every change that the engine published: the start of a full listing of the
   * engine, for example. A service without an inventory leaves it out. A composite sends the earliest of its services.
   */
  'snapshot_time'?: (_google_protobuf_Timestamp | null);
  /**
   * What the weight of each unit that answered does to the choice. Only with `counterfactuals` of the request. A service
   * may leave it out.
   */
  'counterfactuals'?: (_hostscore_v1_UnitCounterfactual)[];
}

/**
 * The scores of hosts for one virtual machine.
 */
export interface ScoreHostsResponse__Output {
  /**
   * Scores of the hosts, in the order asked. Each host of the request MUST appear exactly once, either here or in
   * `unknown_host_ids`. No other host may appear.
   */
  'scores': (_hostscore_v1_HostScore__Output)[];
  /**
   * Results of the units. MUST have one result for each unit of the request, in the order asked; for a request without
   * units, one for each score unit of the service.
   */
  'unit_results': (_hostscore_v1_ScoreUnitResult__Output)[];
  /**
   * Hosts of the request that the inventory does not have, in the order asked: the engine does not know them, or did
   * not answer in time. A service without an inventory scores every host and leaves this empty. Always empty with
   * `all_hosts`.
   */
  'unknown_host_ids': (string)[];
  /**
   * Time up to which the answer contains every change that the engine published: the start of a full listing of the
   * engine, for example. A service without an inventory leaves it out. A composite sends the earliest of its services.
   */
  'snapshot_time': (_google_protobuf_Timestamp__Output | null);
  /**
   * What the weight of each unit that answered does to the choice. Only with `counterfactuals` of the request. A service
   * may leave it out.
   */
  'counterfactuals': (_hostscore_v1_UnitCounterfactual__Output)[];
}
