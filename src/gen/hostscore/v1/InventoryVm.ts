// Original file: proto/hostscore/v1/inventory_service.proto


/**
 * A virtual machine of the engine.
 */
export interface InventoryVm {
  /**
   * Id of the virtual machine, in lower case.
   */
  'id'?: (string);
  /**
   * Name of the virtual machine, as an administrator sees it.
   */
  'name'?: (string);
  /**
   * Status of the virtual machine, in the engine's word: `up`, `paused`, `down` and others. Empty: the engine gives
   * none.
   */
  'status'?: (string);
  /**
   * Host on which the virtual machine runs, as a lower-case id. Empty: it does not run.
   */
  'host_id'?: (string);
  /**
   * Cluster of the virtual machine, as a lower-case id. Empty: it has no cluster.
   */
  'cluster_id'?: (string);
  /**
   * Operating system that is configured for the virtual machine, in the engine's word, such as `rhel_9x64`. Empty: the
   * engine gives none.
   */
  'os_type'?: (string);
}

/**
 * A virtual machine of the engine.
 */
export interface InventoryVm__Output {
  /**
   * Id of the virtual machine, in lower case.
   */
  'id': (string);
  /**
   * Name of the virtual machine, as an administrator sees it.
   */
  'name': (string);
  /**
   * Status of the virtual machine, in the engine's word: `up`, `paused`, `down` and others. Empty: the engine gives
   * none.
   */
  'status': (string);
  /**
   * Host on which the virtual machine runs, as a lower-case id. Empty: it does not run.
   */
  'host_id': (string);
  /**
   * Cluster of the virtual machine, as a lower-case id. Empty: it has no cluster.
   */
  'cluster_id': (string);
  /**
   * Operating system that is configured for the virtual machine, in the engine's word, such as `rhel_9x64`. Empty: the
   * engine gives none.
   */
  'os_type': (string);
}
