// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * A virtual machine to count at a host although the inventory does not show it there yet. It counts at that host and
 * nowhere else.
 */
export interface AssumedPlacement {
  /**
   * Virtual machine that was placed. It has to be known to the engine.
   */
  'vm_id'?: (string);
  /**
   * Host on which it was placed. It has to be known to the engine.
   */
  'host_id'?: (string);
}

/**
 * A virtual machine to count at a host although the inventory does not show it there yet. It counts at that host and
 * nowhere else.
 */
export interface AssumedPlacement__Output {
  /**
   * Virtual machine that was placed. It has to be known to the engine.
   */
  'vm_id': (string);
  /**
   * Host on which it was placed. It has to be known to the engine.
   */
  'host_id': (string);
}
