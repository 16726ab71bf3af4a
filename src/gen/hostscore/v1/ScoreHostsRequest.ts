// Original file: proto/hostscore/v1/policy_unit_service.proto

import type { WeightedUnit as _hostscore_v1_WeightedUnit, WeightedUnit__Output as _hostscore_v1_WeightedUnit__Output } from '../../hostscore/v1/WeightedUnit.js';
import type { AssumedPlacement as _hostscore_v1_AssumedPlacement, AssumedPlacement__Output as _hostscore_v1_AssumedPlacement__Output } from '../../hostscore/v1/AssumedPlacement.js';

/**
 * Asks for the scores of hosts for one virtual machine.
 */
export interface ScoreHostsRequest {
  /**
   * Required. Virtual machine to schedule, running or stopped.
   */
  'vm_id'?: (string);
  /**
   * Hosts to score. The service answers each once, in the order of its first appearance. An empty list without
   * `all_hosts` scores no host.
   */
  'host_ids'?: (string)[];
  /**
   * True to score every host that is up in the cluster of the virtual machine, ordered by name. Not together with
   * `host_ids`. Default: false.
   * 
   * For a virtual machine without a cluster the answer is INVALID_ARGUMENT, and so is the answer of a service without
   * an inventory. A composite names the hosts itself: it never sends `all_hosts` to a service without an inventory.
   */
  'all_hosts'?: (boolean);
  /**
   * Score units to run, each at most once. Not together with `policy`. Default: every score unit of the service, each
   * with weight 1.
   */
  'units'?: (_hostscore_v1_WeightedUnit)[];
  /**
   * Properties of the scheduling policy, by name. A service ignores names that none of its units reads, since the
   * engine sends all properties of the policy to every unit.
   */
  'properties'?: ({[key: string]: string});
  /**
   * Placements to count. Each virtual machine appears at most once.
   */
  'assumed_placements'?: (_hostscore_v1_AssumedPlacement)[];
  /**
   * True to add `host_name` and `reasons` to every score. Default: false.
   */
  'explain'?: (boolean);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
  /**
   * Name of a policy in the configuration of the service that is asked. Its score units run with its weights and
   * properties; for a property that is also in `properties`, the value of the request wins. Not together with `units`.
   * A name that the service does not know is INVALID_ARGUMENT.
   * 
   * A composite sends the units and properties of the policy to its services, never the name. A service without
   * policies knows no name.
   */
  'policy'?: (string);
  /**
   * Number of best hosts that get `host_name` and `reasons`, 1 or more, whether or not `explain` is set. Hosts with
   * equal scores rank in the order of the answer. Default: 0, `explain` decides for all hosts.
   * 
   * Which hosts are best is known only when all units are summed up: a composite sends `explain` to its services,
   * never this field.
   */
  'explain_top'?: (number);
  /**
   * True to record the decision in any case: also in a dry run, and where the service samples. Default: false. A service
   * without a log of decisions ignores it, and a composite does not send it.
   */
  'record'?: (boolean);
  /**
   * True to add `counterfactuals`. Default: false. A composite computes them itself: it does not send this field.
   */
  'counterfactuals'?: (boolean);
}

/**
 * Asks for the scores of hosts for one virtual machine.
 */
export interface ScoreHostsRequest__Output {
  /**
   * Required. Virtual machine to schedule, running or stopped.
   */
  'vm_id': (string);
  /**
   * Hosts to score. The service answers each once, in the order of its first appearance. An empty list without
   * `all_hosts` scores no host.
   */
  'host_ids': (string)[];
  /**
   * True to score every host that is up in the cluster of the virtual machine, ordered by name. Not together with
   * `host_ids`. Default: false.
   * 
   * For a virtual machine without a cluster the answer is INVALID_ARGUMENT, and so is the answer of a service without
   * an inventory. A composite names the hosts itself: it never sends `all_hosts` to a service without an inventory.
   */
  'all_hosts': (boolean);
  /**
   * Score units to run, each at most once. Not together with `policy`. Default: every score unit of the service, each
   * with weight 1.
   */
  'units': (_hostscore_v1_WeightedUnit__Output)[];
  /**
   * Properties of the scheduling policy, by name. A service ignores names that none of its units reads, since the
   * engine sends all properties of the policy to every unit.
   */
  'properties': ({[key: string]: string});
  /**
   * Placements to count. Each virtual machine appears at most once.
   */
  'assumed_placements': (_hostscore_v1_AssumedPlacement__Output)[];
  /**
   * True to add `host_name` and `reasons` to every score. Default: false.
   */
  'explain': (boolean);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
  /**
   * Name of a policy in the configuration of the service that is asked. Its score units run with its weights and
   * properties; for a property that is also in `properties`, the value of the request wins. Not together with `units`.
   * A name that the service does not know is INVALID_ARGUMENT.
   * 
   * A composite sends the units and properties of the policy to its services, never the name. A service without
   * policies knows no name.
   */
  'policy': (string);
  /**
   * Number of best hosts that get `host_name` and `reasons`, 1 or more, whether or not `explain` is set. Hosts with
   * equal scores rank in the order of the answer. Default: 0, `explain` decides for all hosts.
   * 
   * Which hosts are best is known only when all units are summed up: a composite sends `explain` to its services,
   * never this field.
   */
  'explain_top': (number);
  /**
   * True to record the decision in any case: also in a dry run, and where the service samples. Default: false. A service
   * without a log of decisions ignores it, and a composite does not send it.
   */
  'record': (boolean);
  /**
   * True to add `counterfactuals`. Default: false. A composite computes them itself: it does not send this field.
   */
  'counterfactuals': (boolean);
}
