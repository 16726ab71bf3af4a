// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * A placement that was decided but that the inventory may not show yet. The service counts the virtual machine on this
 * host and on no other.
 */
export interface AssumedPlacement {
  /**
   * Required. Virtual machine that was placed, known to the engine.
   */
  'vm_id'?: (string);
  /**
   * Required. Host of the placement, known to the engine.
   */
  'host_id'?: (string);
}

/**
 * A placement that was decided but that the inventory may not show yet. The service counts the virtual machine on this
 * host and on no other.
 */
export interface AssumedPlacement__Output {
  /**
   * Required. Virtual machine that was placed, known to the engine.
   */
  'vm_id': (string);
  /**
   * Required. Host of the placement, known to the engine.
   */
  'host_id': (string);
}
