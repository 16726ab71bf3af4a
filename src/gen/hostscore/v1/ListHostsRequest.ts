// Original file: proto/hostscore/v1/inventory_service.proto


/**
 * Asks for hosts. At most one of `cluster_id`, `name` and `vm_id` may be set; with none the service lists every host.
 */
export interface ListHostsRequest {
  /**
   * Cluster whose hosts to list. A cluster that the inventory does not have gets an empty list.
   */
  'cluster_id'?: (string);
  /**
   * Name of the hosts to list: a pattern in which `*` stands for any characters. Letters match in either case. A name
   * that matches no host gets an empty list.
   */
  'name'?: (string);
  /**
   * Virtual machine, running or stopped, whose cluster's hosts to list. For a virtual machine that the engine does not
   * have the answer is NOT_FOUND, for one without a cluster INVALID_ARGUMENT.
   */
  'vm_id'?: (string);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
}

/**
 * Asks for hosts. At most one of `cluster_id`, `name` and `vm_id` may be set; with none the service lists every host.
 */
export interface ListHostsRequest__Output {
  /**
   * Cluster whose hosts to list. A cluster that the inventory does not have gets an empty list.
   */
  'cluster_id': (string);
  /**
   * Name of the hosts to list: a pattern in which `*` stands for any characters. Letters match in either case. A name
   * that matches no host gets an empty list.
   */
  'name': (string);
  /**
   * Virtual machine, running or stopped, whose cluster's hosts to list. For a virtual machine that the engine does not
   * have the answer is NOT_FOUND, for one without a cluster INVALID_ARGUMENT.
   */
  'vm_id': (string);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
}
