// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * A migration that a balance unit proposes.
 */
export interface Migration {
  /**
   * Virtual machine to migrate. MUST be set.
   */
  'vm_id'?: (string);
  /**
   * Hosts to which the virtual machine may migrate, in no particular order. MUST name at least one host, only hosts of
   * the request, and each once.
   */
  'candidate_host_ids'?: (string)[];
}

/**
 * A migration that a balance unit proposes.
 */
export interface Migration__Output {
  /**
   * Virtual machine to migrate. MUST be set.
   */
  'vm_id': (string);
  /**
   * Hosts to which the virtual machine may migrate, in no particular order. MUST name at least one host, only hosts of
   * the request, and each once.
   */
  'candidate_host_ids': (string)[];
}
