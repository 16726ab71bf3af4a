// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { AssumedPlacement as _hostscore_v1_AssumedPlacement, AssumedPlacement__Output as _hostscore_v1_AssumedPlacement__Output } from '../../hostscore/v1/AssumedPlacement.js';

/**
 * Asks for a migration that improves the balance among hosts.
 */
export interface BalanceHostsRequest {
  /**
   * Required. Name of the balance unit to run.
   */
  'unit'?: (string);
  /**
   * Hosts to balance. An empty list gets an empty answer.
   */
  'host_ids'?: (string)[];
  /**
   * Properties of the scheduling policy, by name. The unit ignores names that it does not read.
   */
  'properties'?: ({[key: string]: string});
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
  /**
   * True to add `explanation` to the answer. Default: false.
   */
  'explain'?: (boolean);
  /**
   * Placements to count. Each virtual machine appears at most once.
   */
  'assumed_placements'?: (_hostscore_v1_AssumedPlacement)[];
  /**
   * As in ScoreHostsRequest.
   */
  'record'?: (boolean);
}

/**
 * Asks for a migration that improves the balance among hosts.
 */
export interface BalanceHostsRequest__Output {
  /**
   * Required. Name of the balance unit to run.
   */
  'unit': (string);
  /**
   * Hosts to balance. An empty list gets an empty answer.
   */
  'host_ids': (string)[];
  /**
   * Properties of the scheduling policy, by name. The unit ignores names that it does not read.
   */
  'properties': ({[key: string]: string});
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
  /**
   * True to add `explanation` to the answer. Default: false.
   */
  'explain': (boolean);
  /**
   * Placements to count. Each virtual machine appears at most once.
   */
  'assumed_placements': (_hostscore_v1_AssumedPlacement__Output)[];
  /**
   * As in ScoreHostsRequest.
   */
  'record': (boolean);
}
