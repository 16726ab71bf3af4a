// Original file: proto/hostscore/v1/inventory_service.proto


/**
 * Asks for virtual machines. A virtual machine is in the answer if it meets every condition that is set.
 */
export interface ListVmsRequest {
  /**
   * Virtual machine to find, running or stopped: the service asks the engine for one that does not run. For one that
   * the engine does not have the answer is NOT_FOUND.
   */
  'vm_id'?: (string);
  /**
   * Name of the virtual machines to list: a pattern in which `*` stands for any characters. Letters match in either
   * case. A name that matches no virtual machine gets an empty list.
   */
  'name'?: (string);
  /**
   * Host on which the virtual machines run. A host that the inventory does not have gets an empty list.
   */
  'host_id'?: (string);
  /**
   * Cluster of the virtual machines. A cluster that the inventory does not have gets an empty list.
   */
  'cluster_id'?: (string);
  /**
   * Largest number of virtual machines in the answer, at most 1000. Default: 100.
   */
  'page_size'?: (number);
  /**
   * Value of `next_page_token` in the answer to the same request, for the page after it. Default: the first page.
   */
  'page_token'?: (string);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id'?: (string);
}

/**
 * Asks for virtual machines. A virtual machine is in the answer if it meets every condition that is set.
 */
export interface ListVmsRequest__Output {
  /**
   * Virtual machine to find, running or stopped: the service asks the engine for one that does not run. For one that
   * the engine does not have the answer is NOT_FOUND.
   */
  'vm_id': (string);
  /**
   * Name of the virtual machines to list: a pattern in which `*` stands for any characters. Letters match in either
   * case. A name that matches no virtual machine gets an empty list.
   */
  'name': (string);
  /**
   * Host on which the virtual machines run. A host that the inventory does not have gets an empty list.
   */
  'host_id': (string);
  /**
   * Cluster of the virtual machines. A cluster that the inventory does not have gets an empty list.
   */
  'cluster_id': (string);
  /**
   * Largest number of virtual machines in the answer, at most 1000. Default: 100.
   */
  'page_size': (number);
  /**
   * Value of `next_page_token` in the answer to the same request, for the page after it. Default: the first page.
   */
  'page_token': (string);
  /**
   * Id of the request in the logs of caller and service: 1 to 128 printable ASCII characters. Default: the metadata
   * `x-request-id`, else an id that the service makes.
   */
  'request_id': (string);
}
