// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { WeightedUnit as _hostscore_v1_WeightedUnit, WeightedUnit__Output as _hostscore_v1_WeightedUnit__Output } from './WeightedUnit.js';
import type { AssumedPlacement as _hostscore_v1_AssumedPlacement, AssumedPlacement__Output as _hostscore_v1_AssumedPlacement__Output } from './AssumedPlacement.js';

/**
 * Asks for the scores of hosts for one virtual machine.
 */
export interface ScoreHostsRequest {
  /**
   * Virtual machine to be scheduled: running, or stopped.
   */
  'vm_id'?: (string);
  /**
   * Hosts to score, answered in this order, each once. None and no `all_hosts` scores no host.
   */
  'host_ids'?: (string)[];
  /**
   * Scores every host whose status is up, in the order of their names. Not together with `host_ids`.
   */
  'all_hosts'?: (boolean);
  /**
   * Units to run, each at most once. None runs every score unit of the service with weight 1.
   */
  'units'?: (_hostscore_v1_WeightedUnit)[];
  /**
   * Properties of the scheduling policy. Keys that no unit knows are ignored, since the engine sends the whole policy's
   * properties to every unit.
   */
  'properties'?: ({[key: string]: string});
  /**
   * Placements that were decided but are not visible in the inventory yet. A virtual machine may stand here once.
   */
  'assumed_placements'?: (_hostscore_v1_AssumedPlacement)[];
  /**
   * Adds `host_name` and `reasons` to each score.
   */
  'explain'?: (boolean);
  /**
   * Id for the logs of both sides: up to 128 printable ASCII characters. Absent: the service makes one.
   */
  'request_id'?: (string);
}

/**
 * Asks for the scores of hosts for one virtual machine.
 */
export interface ScoreHostsRequest__Output {
  /**
   * Virtual machine to be scheduled: running, or stopped.
   */
  'vm_id': (string);
  /**
   * Hosts to score, answered in this order, each once. None and no `all_hosts` scores no host.
   */
  'host_ids': (string)[];
  /**
   * Scores every host whose status is up, in the order of their names. Not together with `host_ids`.
   */
  'all_hosts': (boolean);
  /**
   * Units to run, each at most once. None runs every score unit of the service with weight 1.
   */
  'units': (_hostscore_v1_WeightedUnit__Output)[];
  /**
   * Properties of the scheduling policy. Keys that no unit knows are ignored, since the engine sends the whole policy's
   * properties to every unit.
   */
  'properties': ({[key: string]: string});
  /**
   * Placements that were decided but are not visible in the inventory yet. A virtual machine may stand here once.
   */
  'assumed_placements': (_hostscore_v1_AssumedPlacement__Output)[];
  /**
   * Adds `host_name` and `reasons` to each score.
   */
  'explain': (boolean);
  /**
   * Id for the logs of both sides: up to 128 printable ASCII characters. Absent: the service makes one.
   */
  'request_id': (string);
}
