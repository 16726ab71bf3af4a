// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { AssumedPlacement as _hostscore_v1_AssumedPlacement, AssumedPlacement__Output as _hostscore_v1_AssumedPlacement__Output } from '../../hostscore/v1/AssumedPlacement.js';

/**
 * Asks which hosts suit one virtual machine.
 */
export interface FilterHostsRequest {
  /**
   * Required. Virtual machine to schedule, running or stopped.
   */
  'vm_id'?: (string);
  /**
   * Hosts to filter. The service answers each once, in the order of its first appearance. An empty list without
   * `all_hosts` gets an empty answer.
   */
  'host_ids'?: (string)[];
  /**
   * Names of the filter units to run, each at most once. Not together with `policy`. Default: every filter unit of the
   * service.
   */
  'units'?: (string)[];
  /**
   * Properties of the scheduling policy, by name. A service ignores names that none of its units reads.
   */
  'properties'?: ({[key: string]: string});
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
  /**
   * True to filter every host that is up in the cluster of the virtual machine, ordered by name. Not together with
   * `host_ids`. Default: false.
   * 
   * For a virtual machine without a cluster the answer is INVALID_ARGUMENT, and so is the answer of a service without
   * an inventory. A composite names the hosts itself: it never sends `all_hosts` to a service without an inventory.
   */
  'all_hosts'?: (boolean);
  /**
   * Name of a policy in the configuration of the service that is asked. Its filter units run with its properties; for
   * a property that is also in `properties`, the value of the request wins. Not together with `units`. A name that the
   * service does not know is INVALID_ARGUMENT.
   * 
   * A composite sends the units and properties of the policy to its services, never the name. A service without
   * policies knows no name.
   */
  'policy'?: (string);
  /**
   * True to add `rejected` to every unit result. Default: false.
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
 * Asks which hosts suit one virtual machine.
 */
export interface FilterHostsRequest__Output {
  /**
   * Required. Virtual machine to schedule, running or stopped.
   */
  'vm_id': (string);
  /**
   * Hosts to filter. The service answers each once, in the order of its first appearance. An empty list without
   * `all_hosts` gets an empty answer.
   */
  'host_ids': (string)[];
  /**
   * Names of the filter units to run, each at most once. Not together with `policy`. Default: every filter unit of the
   * service.
   */
  'units': (string)[];
  /**
   * Properties of the scheduling policy, by name. A service ignores names that none of its units reads.
   */
  'properties': ({[key: string]: string});
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
  /**
   * True to filter every host that is up in the cluster of the virtual machine, ordered by name. Not together with
   * `host_ids`. Default: false.
   * 
   * For a virtual machine without a cluster the answer is INVALID_ARGUMENT, and so is the answer of a service without
   * an inventory. A composite names the hosts itself: it never sends `all_hosts` to a service without an inventory.
   */
  'all_hosts': (boolean);
  /**
   * Name of a policy in the configuration of the service that is asked. Its filter units run with its properties; for
   * a property that is also in `properties`, the value of the request wins. Not together with `units`. A name that the
   * service does not know is INVALID_ARGUMENT.
   * 
   * A composite sends the units and properties of the policy to its services, never the name. A service without
   * policies knows no name.
   */
  'policy': (string);
  /**
   * True to add `rejected` to every unit result. Default: false.
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
