// Original file: proto/hostscore/v1/policy_unit_service.proto


/**
 * A migration that a balance unit proposes.
 */
export interface Migration {
  /**
   * Virtual machine to migrate.
   */
  'vm_id'?: (string);
  /**
   * Hosts to which it may go: at least one, the order means nothing.
   */
  'candidate_host_ids'?: (string)[];
}

/**
 * A migration that a balance unit proposes.
 */
export interface Migration__Output {
  /**
   * Virtual machine to migrate.
   */
  'vm_id': (string);
  /**
   * Hosts to which it may go: at least one, the order means nothing.
   */
  'candidate_host_ids': (string)[];
}
